#include "tests/support/history.h"

#include <gmock/gmock.h>

namespace nmn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Update `update` of two episodes, accepted one by one and trained on.
std::string Update(int update, int generation = 1) {
  std::string text;
  for (int e = 0; e < 2; ++e) {
    text += R"({"event":"accepted","update":)" + std::to_string(update) + R"(,"first_episode":)" + std::to_string(e) +
            R"(,"count":1,"actor":"a","generation":)" + std::to_string(generation) + R"(,"new":1,"sha256":"x"})" + "\n";
  }
  return text + R"({"event":"update_begun","update":)" + std::to_string(update) + "}\n" +
         R"({"event":"update_done","update":)" + std::to_string(update) + "}\n";
}

const std::string kFirst = "{\"event\":\"generation\",\"generation\":1}\n";
const std::string kSecond = "{\"event\":\"generation\",\"generation\":2}\n";
const std::string kAccepted =
    "{\"event\":\"accepted\",\"update\":2,\"first_episode\":0,\"count\":1,\"actor\":\"a\",\"generation\":1,\"new\":1,"
    "\"sha256\":\"x\"}\n";

std::vector<std::string> Violations(const std::string& events) { return ReadHistory(events, 2).violations; }

TEST(History, AWholeOneHasNoViolation) {
  const History history = ReadHistory(kFirst + Update(1) + Update(2), 2);
  EXPECT_THAT(history.violations, IsEmpty());
  EXPECT_EQ(history.updates, 2u);
  EXPECT_EQ(history.accepted, 4u);
}

TEST(History, WhatWasAcceptedAndNotTrainedOnIsVoidInTheNextGeneration) {
  EXPECT_THAT(
      Violations(kFirst + Update(1) + kAccepted + "{\"event\":\"restored\",\"update\":1}\n" + kSecond + Update(2, 2)),
      IsEmpty());
}

TEST(History, AnEpisodeTakenTwiceIsAViolation) {
  EXPECT_THAT(Violations(kFirst + Update(1) + kAccepted + kAccepted), ElementsAre(HasSubstr("a second time")));
}

TEST(History, AnEpisodeThatIsNotThereIsAViolation) {
  EXPECT_THAT(Violations(kFirst + Update(1) + kAccepted + "{\"event\":\"update_begun\",\"update\":2}\n"),
              ElementsAre(HasSubstr("without all of its episodes")));
}

TEST(History, AnUpdateTwiceOrLeftOutIsAViolation) {
  EXPECT_FALSE(Violations(kFirst + Update(1) + Update(1)).empty());
  EXPECT_FALSE(Violations(kFirst + Update(1) + Update(3)).empty());
}

TEST(History, AnotherGenerationsMessageIsAViolation) {
  EXPECT_FALSE(Violations(kSecond + Update(1, 1)).empty());
  EXPECT_FALSE(Violations(kSecond + kFirst).empty());
}

TEST(History, RestoringOrSavingSomethingElseIsAViolation) {
  EXPECT_FALSE(Violations(kFirst + Update(1) + "{\"event\":\"restored\",\"update\":0}\n").empty());
  EXPECT_FALSE(Violations(kFirst + Update(1) + "{\"event\":\"checkpoint_saved\",\"update\":2}\n").empty());
}

TEST(History, WhatIsNoEventIsAViolationButATornLastLineIsNone) {
  EXPECT_FALSE(Violations("rubbish\n").empty());
  EXPECT_FALSE(Violations("{\"event\":\"unheard of\"}\n").empty());
  EXPECT_THAT(Violations(kFirst + "{\"event\":\"upd"), IsEmpty());
}

}  // namespace
}  // namespace nmn::testing
