#include "common/text/utf8.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace nmn::text {
namespace {

TEST(ValidUtf8, LeavesWhatIsValid) {
  for (const char* text :
       {"", "runs/b1", "caf\xC3\xA9", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xF0\x90\x8D\x88", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(ValidUtf8(text), text);
}

TEST(ValidUtf8, ReplacesEachByteThatBelongsToNoCharacter) {
  EXPECT_EQ(ValidUtf8("caf\xE9/run"), "caf\xEF\xBF\xBD/run");
  EXPECT_EQ(ValidUtf8("\xFF\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(ValidUtf8, ReplacesLongFormsSurrogatesAndWhatIsTooHigh) {
  for (const char* text : {"\xC0\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80"})
    EXPECT_EQ(ValidUtf8(text).find(text), std::string::npos);
}

// What a parser that checks it says.
TEST(ValidUtf8, OfAnyPairOfBytesIsAJsonString) {
  for (int a = 1; a < 256; ++a) {
    for (int b = 1; b < 256; ++b) {
      const std::string bytes = {static_cast<char>(a), static_cast<char>(b)};
      EXPECT_NO_THROW(nlohmann::json(ValidUtf8(bytes)).dump()) << a << " " << b;
    }
  }
}

TEST(Printable, LeavesWhatATerminalOnlyShows) {
  for (const char* text : {"", "runs/b1 \t2\n", "caf\xC3\xA9", "\xC2\xA0", "\xE2\x82\xAC", "\xF0\x90\x8D\x88"})
    EXPECT_EQ(Printable(text), text);
}

TEST(Printable, WritesOutWhatATerminalObeysOrCannotRead) {
  EXPECT_EQ(Printable("esc\x1b[31mred"), "esc\\x1b[31mred");
  EXPECT_EQ(Printable("a\rb\x07\x7f"), "a\\x0db\\x07\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m");  // CSI as one character
  EXPECT_EQ(Printable("lat\xE9/run"), "lat\\xe9/run");
}

}  // namespace
}  // namespace nmn::text
