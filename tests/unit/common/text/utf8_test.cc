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

}  // namespace
}  // namespace nmn::text
