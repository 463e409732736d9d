#include "common/rng/philox.h"

#include <algorithm>

namespace nmn::rng {
namespace {

// Multipliers and key increments of Salmon et al. 2011, table 2 (Random123's PHILOX_M4x32_* and PHILOX_W32_*).
constexpr uint64_t kMultiplier0 = 0xD2511F53;
constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kIncrement0 = 0x9E3779B9;
constexpr uint32_t kIncrement1 = 0xBB67AE85;
constexpr int kRounds = 10;

}  // namespace

Block Philox4x32(Block counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kIncrement0;
    key[1] += kIncrement1;
  }
  return counter;
}

Block Draw(const StreamPosition& at, Purpose purpose, uint16_t draw) {
  const uint32_t kind = static_cast<uint32_t>(purpose) << 16 | draw;
  return Philox4x32({at.step, at.episode, at.update, kind},
                    {static_cast<uint32_t>(at.seed), static_cast<uint32_t>(at.seed >> 32)});
}

float UnitUniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

float Uniform(uint32_t word, float low, float high) { return low + (high - low) * UnitUniform(word); }

}  // namespace nmn::rng
