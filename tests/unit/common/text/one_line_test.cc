#include "common/text/one_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text/utf8.h"

namespace nmn::text {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(OneLine, LeavesWhatIsShortAndHasNoNewline) {
  EXPECT_EQ(OneLine("--seed=x: it must be a number"), "--seed=x: it must be a number");
  EXPECT_EQ(OneLine("a  b\nc\x1b"), "a  b c\\x1b");
  const std::string path(kMostOfWord, 'p');
  EXPECT_EQ(OneLine(path + " is missing"), path + " is missing");
}

TEST(OneLine, OfALongValueHasBothEndsAndAllThatIsAroundIt) {
  const std::string value = "first" + std::string(100'000, 'x') + "last";
  const std::string line = OneLine("--benchmark=" + value + ": it must be one of b1, b2 or b3");
  EXPECT_THAT(line, StartsWith("--benchmark=firstxxx"));
  EXPECT_THAT(line, HasSubstr("xxx [.. 99422 bytes ..] xxx"));
  EXPECT_THAT(line, EndsWith("xxlast: it must be one of b1, b2 or b3"));
  EXPECT_LT(line.size(), kMostOfWord + 100);
}

TEST(OneLine, OfManyWordsHasBothEnds) {
  std::string value;
  for (int i = 0; i < 50'000; ++i) value += "ab ";
  const std::string line = OneLine("beginning " + value + "end");
  EXPECT_THAT(line, StartsWith("beginning ab ab"));
  EXPECT_THAT(line, EndsWith("ab ab end"));
  EXPECT_LT(line.size(), kMostOfLine + 40);
}

TEST(OneLine, CutsBetweenCharacters) {
  for (const char* before : {"", "a", "ab"}) {
    std::string value = before;
    for (int i = 0; i < 1000; ++i) value += "\u20AC";  // of three bytes
    const std::string line = OneLine(value);
    EXPECT_EQ(ValidUtf8(line), line);
    EXPECT_EQ(line.find("\\x"), std::string::npos) << line;
    EXPECT_LT(line.size(), kMostOfWord + 40);
  }
}

}  // namespace
}  // namespace nmn::text
