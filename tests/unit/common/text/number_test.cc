#include "common/text/number.h"

#include <gtest/gtest.h>

namespace nmn::text {
namespace {

TEST(ReadWhole, IsDecimalWhateverItBeginsWith) {
  EXPECT_EQ(ReadWhole("0"), 0u);
  EXPECT_EQ(ReadWhole("010"), 10u);
  EXPECT_EQ(ReadWhole("08"), 8u);
  EXPECT_EQ(ReadWhole("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ReadWhole("4294967295", UINT32_MAX), UINT32_MAX);
}

TEST(ReadWhole, TakesNothingElse) {
  for (const char* text :
       {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.0", "one", "18446744073709551616", "-0", "1_000"})
    EXPECT_EQ(ReadWhole(text), std::nullopt) << '"' << text << '"';
  EXPECT_EQ(ReadWhole("4294967296", UINT32_MAX), std::nullopt);
}

TEST(ReadInteger, HasAMinusAlone) {
  EXPECT_EQ(ReadInteger("-012"), -12);
  EXPECT_EQ(ReadInteger("7"), 7);
  for (const char* text : {"", "-", "+1", "--1", "- 1", "9223372036854775808"})
    EXPECT_EQ(ReadInteger(text), std::nullopt) << '"' << text << '"';
}

TEST(ReadDecimal, ReadsWhatItSays) {
  EXPECT_EQ(ReadDecimal("-0.5"), -0.5);
  EXPECT_EQ(ReadDecimal("010"), 10.0);
  EXPECT_EQ(ReadDecimal(".5"), 0.5);
  EXPECT_EQ(ReadDecimal("5."), 5.0);
  EXPECT_EQ(ReadDecimal("1e-3"), 1e-3);
  EXPECT_EQ(ReadDecimal("1E+3"), 1e3);
}

TEST(ReadDecimal, TakesNothingElse) {
  for (const char* text :
       {"", ".", "-", "e3", "1e", "1e+", "nan", "inf", "-inf", "0x1p3", " 1", "1 ", "+1", "1,5", "1e999"})
    EXPECT_EQ(ReadDecimal(text), std::nullopt) << '"' << text << '"';
}

}  // namespace
}  // namespace nmn::text
