#include "common/env/torus.h"

#include <algorithm>
#include <cmath>

namespace nmn::env {
namespace {

constexpr uint16_t kMaxCandidates = 64;

// |pi u| mod 2 pi, exact for the float32 product if it is finite.
float AngleRemainder(float raw_action, float magnitude) {
  if (magnitude < kTurn) return magnitude;
  if (magnitude < 2 * kTurn) return magnitude - kTurn;  // exact (Sterbenz)
  if (std::isfinite(magnitude)) return std::fmod(magnitude, kTurn);
  const double product = static_cast<double>(kPi) * std::abs(static_cast<double>(raw_action));
  return static_cast<float>(std::fmod(product, static_cast<double>(kTurn)));
}

bool IsClear(Point candidate, std::span<const Point> targets) {
  return std::none_of(targets.begin(), targets.end(), [&](Point target) {
    return SquaredDistance(candidate, target) <= kSpawnClearance * kSpawnClearance;
  });
}

}  // namespace

void WrapAngles(const float* raw_action, size_t lanes, float* angle) {
  for (size_t lane = 0; lane < lanes; ++lane) {
    const float theta = kPi * raw_action[lane];
    const float remainder = AngleRemainder(raw_action[lane], std::abs(theta));
    angle[lane] = theta > 0 ? remainder : kTurn - remainder;
  }
}

Point TargetFrom(uint32_t word0, uint32_t word1) {
  return {rng::Uniform(word0, -kTargetRange, kTargetRange), rng::Uniform(word1, -kTargetRange, kTargetRange)};
}

Point Spawn(const rng::StreamPosition& at, std::span<const Point> targets) {
  for (uint16_t draw = 0; draw < kMaxCandidates; ++draw) {
    const rng::Block block = rng::Draw(at, rng::Purpose::kPosition, draw);
    const Point candidate = {rng::Uniform(block[0], -kSpawnRange, kSpawnRange),
                             rng::Uniform(block[1], -kSpawnRange, kSpawnRange)};
    if (IsClear(candidate, targets)) return candidate;
  }
  Point corner = {-kSpawnRange, -kSpawnRange};
  for (const Point next : {Point{-kSpawnRange, kSpawnRange}, Point{kSpawnRange, -kSpawnRange}}) {
    if (IsClear(corner, targets)) break;
    corner = next;
  }
  return corner;
}

}  // namespace nmn::env
