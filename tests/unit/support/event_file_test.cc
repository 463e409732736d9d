#include "tests/support/event_file.h"

#include <gmock/gmock.h>

#include "learner/run/tfevents.h"

namespace nmn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TwoUpdates() {
  return run::FileVersionRecord(1) + run::ScalarsRecord(2, 300, {{"charts/update", 1}}) +
         run::ScalarsRecord(3, 600, {{"charts/update", 2}, {"losses/beta", 0.5}});
}

TEST(EventFile, StepsAreThoseOfTheRecordsWithScalars) {
  const EventFile file = ReadEventFile(TwoUpdates());
  EXPECT_EQ(file.error, "");
  EXPECT_EQ(file.versions, 1);
  EXPECT_THAT(file.steps, ElementsAre(300, 600));
}

TEST(EventFile, ARowThatStandsTwiceIsSeenTwice) {
  const std::string twice = TwoUpdates() + run::ScalarsRecord(4, 600, {{"charts/update", 2}});
  EXPECT_THAT(ReadEventFile(twice).steps, ElementsAre(300, 600, 600));
}

TEST(EventFile, EveryFlippedBitIsSeen) {
  const std::string good = TwoUpdates();
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    EXPECT_NE(ReadEventFile(bad).error, "") << "byte " << at;
  }
}

TEST(EventFile, ATornRecordIsCut) {
  const std::string good = TwoUpdates();
  EXPECT_THAT(ReadEventFile(good.substr(0, good.size() - 1)).error, HasSubstr("is cut"));
}

}  // namespace
}  // namespace nmn::testing
