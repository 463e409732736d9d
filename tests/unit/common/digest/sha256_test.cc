#include "common/digest/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace nmn {
namespace {

// FIPS 180-4, the examples of NIST's "SHA256.pdf", and the empty message.
TEST(Sha256Fips180, KnownAnswers) {
  EXPECT_EQ(Hex(Sha256Of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256Of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Sha256Of(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  Sha256 sha;
  sha.Update("a");
  sha.Update("");
  sha.Update("bc");
  EXPECT_EQ(sha.Finish(), Sha256Of("abc"));
}

TEST(Hex, WritesHighBytesInLowerCase) { EXPECT_EQ(Hex(std::string("\x00\xff\x7f", 3)), "00ff7f"); }

TEST(WeightsSha256, CoversRawLittleEndianFloatsInOrderAndNothingElse) {
  const std::vector<NamedTensor> weights = {{"a", {2}, {1.0f, -2.0f}}, {"b", {1, 1}, {0.5f}}};
  const std::string raw("\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f", 12);
  EXPECT_EQ(WeightsSha256(weights), Hex(Sha256Of(raw)));
  EXPECT_EQ(WeightsSha256({{"other", {3}, {1.0f, -2.0f, 0.5f}}}), WeightsSha256(weights));
  EXPECT_NE(WeightsSha256({weights[1], weights[0]}), WeightsSha256(weights));
}

}  // namespace
}  // namespace nmn
