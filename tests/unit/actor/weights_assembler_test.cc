#include "actor/weights_assembler.h"

#include <gmock/gmock.h>

#include <cstring>

#include "common/digest/sha256.h"

namespace nmn::actor {
namespace {

const std::vector<float> kParameters = {1, 2, 3, 4};

v1::WeightsChunk Chunk(uint32_t version, size_t offset, size_t size) {
  std::string bytes(kParameters.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), kParameters.data(), bytes.size());
  v1::WeightsChunk chunk;
  chunk.set_version(version);
  chunk.set_total_bytes(bytes.size());
  chunk.set_offset(offset);
  chunk.set_data(bytes.substr(offset, size));
  chunk.set_sha256(Sha256Of(bytes));
  return chunk;
}

TEST(WeightsAssembler, PutsChunksTogether) {
  WeightsAssembler assembler(1 << 20);
  EXPECT_EQ(*assembler.Add(Chunk(3, 0, 8)), nullptr);
  const auto weights = *assembler.Add(Chunk(3, 8, 8));
  ASSERT_NE(weights, nullptr);
  EXPECT_EQ(weights->version, 3u);
  EXPECT_EQ(weights->parameters, kParameters);
}

TEST(WeightsAssembler, ANewerVersionReplacesOneThatIsHalfThere) {
  WeightsAssembler assembler(1 << 20);
  EXPECT_EQ(*assembler.Add(Chunk(3, 0, 8)), nullptr);
  EXPECT_EQ((*assembler.Add(Chunk(4, 0, 16)))->version, 4u);
}

TEST(WeightsAssembler, RefusesGapsOtherVersionsOversizeAndWrongDigests) {
  WeightsAssembler assembler(16);
  EXPECT_EQ(assembler.Add(Chunk(3, 8, 8)).status().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(assembler.Add(Chunk(3, 0, 8)).ok());
  EXPECT_EQ(assembler.Add(Chunk(4, 8, 8)).status().code(), absl::StatusCode::kDataLoss);
  v1::WeightsChunk corrupt = Chunk(3, 0, 16);
  (*corrupt.mutable_data())[7] ^= 1;
  EXPECT_EQ(assembler.Add(corrupt).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(WeightsAssembler(15).Add(Chunk(3, 0, 16)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(assembler.Add(Chunk(5, 0, 16)).ok());
}

}  // namespace
}  // namespace nmn::actor
