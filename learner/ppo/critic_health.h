#pragma once

#include <cstdint>

namespace nmn::ppo {

// A critic that explains less of the returns' variance than this is blind: its values are no better than a constant.
inline constexpr double kBlindBelow = 0.05;
// So many updates in a row with a blind critic are no slow start: somebody should know.
inline constexpr uint32_t kBlindUpdates = 50;

// Updates in a row with a blind critic, after one more whose explained variance this is. NaN, where returns have no
// variance to explain, is no sign of one.
inline uint32_t CountBlind(uint32_t before, double explained_variance) {
  return explained_variance < kBlindBelow ? before + 1 : 0;
}

}  // namespace nmn::ppo
