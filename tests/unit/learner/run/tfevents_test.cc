#include "learner/run/tfevents.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "common/digest/sha256.h"

namespace nmn::run {
namespace {

uint32_t Word(std::string_view bytes, size_t at) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

TEST(Crc32cRfc3720B4, KnownAnswers) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(TfRecord, FramesDataWithItsLengthAndMaskedChecksums) {
  const std::string record = TfRecord("123456789");
  ASSERT_EQ(record.size(), 8 + 4 + 9 + 4u);
  EXPECT_EQ(record.substr(0, 8), std::string("\x09\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 9), "123456789");
  // mask(crc) = rotate right by 15, plus 0xa282ead8, of 0xe3069283.
  EXPECT_EQ(Word(record, 21), ((0xe3069283u >> 15) | (0xe3069283u << 17)) + 0xa282ead8u);
}

TEST(TfRecord, FileBeginsWithTheVersionThatTensorBoardWants) {
  // wall_time 0, file_version "brain.Event:2"; written out by hand from event.proto.
  const std::string event(
      "\x09\0\0\0\0\0\0\0\0\x1a\x0d"
      "brain.Event:2",
      24);
  EXPECT_EQ(FileVersionRecord(0), TfRecord(event));
}

TEST(TfRecord, ScalarsAreTheBytesOfTheirEvent) {
  // wall_time 1.0, step 300, summary { value { tag "a" simple_value 0.5 } value { tag "b" simple_value -2 } }.
  const std::string event(
      "\x09\0\0\0\0\0\0\xf0\x3f\x10\xac\x02\x2a\x14"
      "\x0a\x08\x0a\x01"
      "a\x15\0\0\0\x3f"
      "\x0a\x08\x0a\x01"
      "b\x15\0\0\0\xc0",
      34);
  EXPECT_EQ(Hex(ScalarsRecord(1.0, 300, {{"a", 0.5}, {"b", -2}})), Hex(TfRecord(event)));
}

}  // namespace
}  // namespace nmn::run
