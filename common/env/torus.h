#pragma once

#include <span>

#include "common/rng/philox.h"

// The torus [-2, 2]^2 of benchmarks 2 and 3 (docs/specification.md section 1.2). Distances are plain differences:
// nothing sees through the edge.
namespace nmn::env {

inline constexpr float kPi = 3.14159265358979f;
inline constexpr float kTurn = 2 * kPi;         // 2 pi rounded to float32
inline constexpr float kSpeed = 0.25f;          // length of a step, and of the wind's
inline constexpr float kTorusEdge = 2;          // coordinates lie in [-2, 2]
inline constexpr float kHitRadius = 0.4f;       // at most
inline constexpr float kSpawnRange = 1.5f;      // agents appear on [-1.5, 1.5]^2 ..
inline constexpr float kSpawnClearance = 0.6f;  // .. farther than this from every target
inline constexpr float kTargetRange = 1;        // targets are drawn on [-1, 1]^2

struct Point {
  float x = 0;
  float y = 0;
};

inline float SquaredDistance(Point a, Point b) { return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y); }
inline bool WithinHitRadius(float squared_distance) { return squared_distance <= kHitRadius * kHitRadius; }

inline float WrapCoordinate(float c) {
  if (c > kTorusEdge) return c - 2 * kTorusEdge;
  if (c < -kTorusEdge) return c + 2 * kTorusEdge;
  return c;
}

// The fed-back angle, in [0, 2 pi], of u [lane]: th = pi u; th > 0: th mod 2 pi; else 2 pi - (|th| mod 2 pi). The
// remainder is exact. Any finite u: where pi u leaves float32 it is taken in double.
void WrapAngles(const float* raw_action, size_t lanes, float* angle);

// A point of [-1, 1]^2 from two words.
Point TargetFrom(uint32_t word0, uint32_t word1);

// Where an agent appears: candidates in the order of their draw numbers until one is clear of every target (at most two
// targets). Each is refused with a chance of at most 1/4, so the 64 that are tried are all refused once in 10^38
// spawns; then it is the first corner of the square that is clear, and there is one, as no target is near two corners.
Point Spawn(const rng::StreamPosition& at, std::span<const Point> targets);

}  // namespace nmn::env
