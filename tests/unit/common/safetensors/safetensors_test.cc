#include "common/safetensors/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace nmn {
namespace {

using ::testing::HasSubstr;

// A file from a header and data, with a length that may lie.
std::string Assemble(const std::string& header, const std::string& data, int64_t extra_length = 0) {
  const uint64_t length = header.size() + static_cast<uint64_t>(extra_length);
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(length >> (8 * i)));
  return bytes + header + data;
}

// One F32 tensor "a" of the given shape and offsets.
std::string One(const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

TEST(Safetensors, ReadsAFileWrittenByHand) {
  const std::string header = R"({"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},)"
                             R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )";
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f", 12);
  const auto file = DecodeSafetensors(Assemble(header, data));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->metadata, (std::map<std::string, std::string>{{"k", "v"}}));
  ASSERT_EQ(file->tensors.size(), 2u);
  EXPECT_EQ(file->tensors[0], (NamedTensor{"a", {}, {1.0f}}));
  EXPECT_EQ(file->tensors[1], (NamedTensor{"b", {2, 1}, {-2.0f, 0.5f}}));
}

TEST(Safetensors, WritesTheDocumentedBytes) {
  const std::string bytes = EncodeSafetensors({{"w", {1, 2}, {1.0f, -2.0f}}}, {});
  const std::string header = R"({"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  std::string padded = header;
  while (padded.size() % 8 != 0) padded += ' ';
  EXPECT_EQ(bytes, Assemble(padded, std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8)));
}

TEST(Safetensors, EncodeThenDecodeIsTheSame) {
  const std::vector<NamedTensor> tensors = {{"z", {2, 3}, {1, 2, 3, 4, 5, 6}},
                                            {"a\"\n", {1}, {std::numeric_limits<float>::infinity()}},
                                            {"empty", {0, 4}, {}},
                                            {"last", {}, {-0.0f}}};
  const std::map<std::string, std::string> metadata = {{"config", "a: 1\nb: \"x\"\n"}, {"run_id", ""}};
  const auto file = DecodeSafetensors(EncodeSafetensors(tensors, metadata));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->metadata, metadata);
  EXPECT_EQ(file->tensors, tensors);
  EXPECT_TRUE(std::signbit(file->tensors[3].values[0]));
}

TEST(Safetensors, NoTensorsIsAFile) {
  const auto file = DecodeSafetensors(EncodeSafetensors({}, {}));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->tensors.empty());
}

// One tensor "a" of one axis.
template <typename T>
absl::StatusOr<std::vector<float>> Read(const std::string& type, const std::vector<T>& numbers) {
  std::string data(numbers.size() * sizeof(T), '\0');
  std::memcpy(data.data(), numbers.data(), data.size());
  const std::string header = absl::StrCat(R"({"a":{"dtype":")", type, R"(","shape":[)", numbers.size(),
                                          R"(],"data_offsets":[0,)", data.size(), "]}}");
  absl::StatusOr<SafetensorsFile> file = DecodeSafetensors(Assemble(header, data));
  if (!file.ok()) return file.status();
  return file->tensors.at(0).values;
}

// Known bits: 1, -2, 1/3 rounded, largest, smallest normal, largest and smallest below it, -0, infinity.
TEST(Safetensors, ReadsHalfPrecisionExactly) {
  const auto values = Read<uint16_t>("F16", {0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x03ff, 0x0001, 0x8000, 0x7c00});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(*values, (std::vector<float>{1, -2, 0.333251953125f, 65504, std::ldexp(1.0f, -14), std::ldexp(1023.0f, -24),
                                         std::ldexp(1.0f, -24), -0.0f, std::numeric_limits<float>::infinity()}));
  EXPECT_TRUE(std::signbit((*values)[7]));
  EXPECT_TRUE(std::isnan(Read<uint16_t>("F16", {0x7e00})->at(0)));
}

TEST(Safetensors, ReadsBfloat16Exactly) {
  EXPECT_EQ(*Read<uint16_t>("BF16", {0x3f80, 0xc000, 0x7f7f}), (std::vector<float>{1, -2, std::ldexp(255.0f, 120)}));
}

TEST(Safetensors, ReadsDoublesThatAreFloatsAndNamesTheFirstThatIsNot) {
  EXPECT_EQ(*Read<double>("F64", {1.5, -0.0, static_cast<double>(0.1f), 1e-45f, HUGE_VAL}),
            (std::vector<float>{1.5f, -0.0f, 0.1f, 1e-45f, HUGE_VALF}));
  EXPECT_TRUE(std::isnan(Read<double>("F64", {std::nan("")})->at(0)));
  EXPECT_EQ(Read<double>("F64", {1, 0.1}).status().message(),
            "tensor \"a\" is of type F64 and its element 1, 0.10000000000000001, is no float32; convert it to float32 "
            "first");
  for (const double value : {1e300, -3.5e38, 1e-60}) EXPECT_FALSE(Read<double>("F64", {value}).ok()) << value;
}

TEST(Safetensors, EveryMalformedFileIsRefusedWithItsReason) {
  const std::string eight(8, '\0');
  const struct {
    std::string bytes;
    const char* reason;
  } cases[] = {
      {"", "it has 0 bytes"},
      {std::string(7, '\0'), "it has 7 bytes"},
      {eight, "not a JSON object"},
      {std::string(8, '\xff'), "more than there are"},
      {Assemble("{}", "", 1), "more than there are"},
      {Assemble("{}", "", -1), "not a JSON object"},
      {Assemble("[]", ""), "not a JSON object"},
      {Assemble("{}x", ""), "not a JSON object"},
      {Assemble("{\"a\":", ""), "not a JSON object"},
      {Assemble("{\"\xff\":1}", ""), "not a JSON object"},
      {Assemble("{}", "x"), "1 byte of data belongs to no tensor"},
      {Assemble(R"({"a":1})", ""), "must have dtype"},
      {Assemble(R"({"a":{"dtype":"F32","shape":[2]}})", eight), "must have dtype"},
      {Assemble(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", eight), "and nothing else"},
      {Assemble(R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", eight),
       "not of type F32, F16, BF16 or F64"},
      {Assemble(R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}})", eight), "its shape needs 16"},
      {Assemble(R"({"a":{"dtype":1,"shape":[1],"data_offsets":[0,8]}})", eight), "not of type F32"},
      {Assemble(One("2", "[0,8]"), eight), "no list of sizes"},
      {Assemble(One("[-2]", "[0,8]"), eight), "no list of sizes"},
      {Assemble(One("[2.0]", "[0,8]"), eight), "no list of sizes"},
      {Assemble(One("[\"2\"]", "[0,8]"), eight), "no list of sizes"},
      {Assemble(One("[1,1,1,1,1,1,1,1,2]", "[0,8]"), eight), "no list of sizes"},
      {Assemble(One("[2]", "8"), eight), "not two positions"},
      {Assemble(One("[2]", "[0]"), eight), "not two positions"},
      {Assemble(One("[2]", "[0,4,8]"), eight), "not two positions"},
      {Assemble(One("[2]", "[-8,0]"), eight), "not two positions"},
      {Assemble(One("[2]", "[0,1e1]"), eight), "not two positions"},
      {Assemble(One("[2]", "[8,0]"), eight), "outside the data"},
      {Assemble(One("[2]", "[0,12]"), eight), "outside the data"},
      {Assemble(One("[2]", "[18446744073709551608,18446744073709551615]"), eight), "outside the data"},
      {Assemble(One("[1]", "[0,8]"), eight), "has 8 bytes of data, its shape needs 4"},
      {Assemble(One("[3]", "[0,8]"), eight), "has 8 bytes of data, its shape needs 12"},
      {Assemble(One("[4611686018427387904,4]", "[0,8]"), eight), "larger than the data"},
      {Assemble(One("[0,18446744073709551615]", "[0,0]"), ""), "larger than the data"},
      {Assemble(One("[1]", "[4,8]"), eight), "begins at 4"},
      {Assemble(One("[1]", "[0,4]"), eight), "4 bytes of data belong to no tensor"},
      {Assemble(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
           eight),
       "begins at 4, the one before it ends at 8"},
      {Assemble(
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
           eight),
       "two entries \"a\""},
      {Assemble(R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", eight),
       "two entries \"dtype\""},
      {Assemble(R"({"__metadata__":3})", ""), "__metadata__ is not an object"},
      {Assemble(R"({"__metadata__":{"a":3}})", ""), "is not a string"},
      {Assemble(One("[[[[2]]]]", "[0,8]"), eight), "nests too deeply"},
      {Assemble(std::string(100000, '['), ""), ""},
  };
  for (const auto& test : cases) {
    const auto file = DecodeSafetensors(test.bytes);
    ASSERT_EQ(file.status().code(), absl::StatusCode::kDataLoss) << test.reason;
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(test.reason));
    EXPECT_THAT(std::string(file.status().message()), HasSubstr("malformed safetensors: "));
  }
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string bytes = EncodeSafetensors({{"w", {2, 2}, {1, 2, 3, 4}}, {"b", {2}, {5, 6}}}, {{"k", "v"}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeSafetensors(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace nmn
