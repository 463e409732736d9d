#include "cli/sweep/yaml.h"

#include <gtest/gtest.h>

namespace nmn::sweep {
namespace {

TEST(YamlString, IsTheSameTextAgainWhateverItHolds) {
  EXPECT_EQ(YamlString(""), R"("")");
  EXPECT_EQ(YamlString("x: y # z"), R"("x: y # z")");
  EXPECT_EQ(YamlString(R"(a"b\c)"), R"("a\"b\\c")");
  EXPECT_EQ(YamlString("a\nb\tc\x7f"), R"("a\x0ab\x09c\x7f")");
  EXPECT_EQ(YamlString("\xc3\xa4"), "\"\xc3\xa4\"");
}

}  // namespace
}  // namespace nmn::sweep
