#include "common/text/number.h"

#include <gtest/gtest.h>

#include <cmath>

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
  EXPECT_EQ(ReadDecimal("0.0e-999"), 0.0);
  EXPECT_EQ(ReadDecimal("1e-999"), std::nullopt) << "it is not 0";
}

TEST(ReadDecimal, TakesNothingElse) {
  for (const char* text :
       {"", ".", "-", "e3", "1e", "1e+", "nan", "inf", "-inf", "0x1p3", " 1", "1 ", "+1", "1,5", "1e999"})
    EXPECT_EQ(ReadDecimal(text), std::nullopt) << '"' << text << '"';
}

TEST(Rounded, HasAboutFourDigitsWhateverTheSize) {
  EXPECT_EQ(Rounded(86306.4), "86306");
  EXPECT_EQ(Rounded(-1507.5), "-1508");
  EXPECT_EQ(Rounded(999.96), "1000");
  EXPECT_EQ(Rounded(80.267), "80.27");
  EXPECT_EQ(Rounded(-6.6649), "-6.665");
  EXPECT_EQ(Rounded(9.9996), "10.00");
  EXPECT_EQ(Rounded(0.5123), "0.512");
  EXPECT_EQ(Rounded(0), "0");
  EXPECT_EQ(Rounded(std::nan("")), "nan");
}

}  // namespace
}  // namespace nmn::text
