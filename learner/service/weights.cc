#include "learner/service/weights.h"

#include <algorithm>

#include "common/digest/sha256.h"
#include "common/net/channel.h"

namespace nmn::service {

std::shared_ptr<const Weights> MakeWeights(uint32_t version, std::span<const float> parameters) {
  auto weights = std::make_shared<Weights>();
  weights->version = version;
  weights->bytes.assign(reinterpret_cast<const char*>(parameters.data()), parameters.size_bytes());
  weights->sha256 = Sha256Of(weights->bytes);
  return weights;
}

uint64_t ChunkEnd(const Weights& weights, uint64_t offset) {
  return std::min<uint64_t>(offset + net::kChunkBytes, weights.bytes.size());
}

void FillChunk(const Weights& weights, uint64_t offset, v1::WeightsChunk& chunk) {
  chunk.set_version(weights.version);
  chunk.set_total_bytes(weights.bytes.size());
  chunk.set_offset(offset);
  chunk.set_data(weights.bytes.data() + offset, ChunkEnd(weights, offset) - offset);
  chunk.set_sha256(weights.sha256);
}

}  // namespace nmn::service
