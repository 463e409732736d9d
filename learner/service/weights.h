#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "nmn/v1/learner.pb.h"

namespace nmn::service {

// One version of the actor's parameters, ready for the wire; shared by all streams, never changed.
struct Weights {
  uint32_t version = 0;
  std::string bytes;   // little-endian float32
  std::string sha256;  // 32 bytes
};

std::shared_ptr<const Weights> MakeWeights(uint32_t version, std::span<const float> parameters);

// The offset behind the piece that begins at `offset`, which has at most net::kChunkBytes.
uint64_t ChunkEnd(const Weights& weights, uint64_t offset);
// The piece that begins at `offset`.
void FillChunk(const Weights& weights, uint64_t offset, v1::WeightsChunk& chunk);

}  // namespace nmn::service
