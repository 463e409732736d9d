#include "common/env/torus.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nmn::env {
namespace {

float Wrap(float u) {
  float angle = -1;
  WrapAngles(&u, 1, &angle);
  return angle;
}

TEST(WrapAngle, FollowsTheRuleAtItsEdges) {
  EXPECT_EQ(Wrap(0), kTurn);
  EXPECT_EQ(Wrap(-0.0f), kTurn);
  EXPECT_EQ(Wrap(2), 0);
  EXPECT_EQ(Wrap(-2), kTurn);
  EXPECT_EQ(Wrap(1), kPi);
  EXPECT_EQ(Wrap(-1), kTurn - kPi);
  EXPECT_EQ(Wrap(0.5f), kPi / 2);
  EXPECT_EQ(Wrap(-0.5f), kTurn - kPi / 2);
  EXPECT_EQ(Wrap(3), std::fmod(3 * kPi, kTurn));
}

TEST(WrapAngle, IsTheTrueFloat32Remainder) {
  for (int i = -30000; i <= 30000; ++i) {
    const float u = static_cast<float>(i) * 0.00317f * (1 + std::abs(static_cast<float>(i % 7)));
    const float theta = kPi * u;
    const float expected = theta > 0 ? std::fmod(theta, kTurn) : kTurn - std::fmod(-theta, kTurn);
    ASSERT_EQ(Wrap(u), expected) << u;
  }
}

TEST(WrapAngle, StaysInRangeForAnyFiniteU) {
  for (const float u : {1e10f, -1e10f, 1e38f, -1e38f, std::numeric_limits<float>::max(),
                        std::numeric_limits<float>::lowest(), 1e-45f, -1e-45f}) {
    EXPECT_GE(Wrap(u), 0) << u;
    EXPECT_LE(Wrap(u), kTurn) << u;
  }
}

TEST(WrapCoordinate, MovesOnlyWhatIsBeyondTheEdge) {
  EXPECT_EQ(WrapCoordinate(2), 2);
  EXPECT_EQ(WrapCoordinate(-2), -2);
  EXPECT_EQ(WrapCoordinate(2.25f), -1.75f);
  EXPECT_EQ(WrapCoordinate(-2.25f), 1.75f);
}

TEST(HitRadius, IsIncluded) {
  EXPECT_TRUE(WithinHitRadius(SquaredDistance({0.4f, 0}, {0, 0})));
  EXPECT_FALSE(WithinHitRadius(SquaredDistance({std::nextafter(0.4f, 1.0f), 0}, {0, 0})));
}

TEST(Spawn, IsUniformOutsideTheClearance) {
  // Share of the square's left half: symmetric target, so one half; every point clear.
  const Point target = {0, 0.3f};
  constexpr uint32_t kSpawns = 20000;
  double left = 0, squares = 0;
  for (uint32_t episode = 0; episode < kSpawns; ++episode) {
    const Point at = Spawn({.seed = 3, .episode = episode}, {&target, 1});
    ASSERT_GT(std::hypot(at.x - target.x, at.y - target.y), 0.6);
    ASSERT_LE(std::max(std::abs(at.x), std::abs(at.y)), 1.5);
    left += at.x < 0;
    squares += at.x * at.x;
  }
  EXPECT_NEAR(left / kSpawns, 0.5, 4.5 * 0.5 / std::sqrt(kSpawns));
  // E x^2 over the square without the disk: (9 * 0.75 - pi r^4 / 4) / (9 - pi r^2).
  const double pi = 3.14159265358979;
  const double area = 9 - pi * 0.36;
  const double mean = (9 * 0.75 - pi * std::pow(0.6, 4) / 4) / area;
  EXPECT_NEAR(squares / kSpawns, mean, 4.5 * 0.7 / std::sqrt(kSpawns));
}

TEST(Spawn, TriesCandidatesInTheOrderOfTheirDrawNumbers) {
  // A target on the first candidate refuses it; the second is taken.
  const rng::StreamPosition at = {.seed = 5, .episode = 9};
  const rng::Block first = rng::Draw(at, rng::Purpose::kPosition, 0);
  const rng::Block second = rng::Draw(at, rng::Purpose::kPosition, 1);
  const Point target = {rng::Uniform(first[0], -1.5f, 1.5f), rng::Uniform(first[1], -1.5f, 1.5f)};
  const Point expected = {rng::Uniform(second[0], -1.5f, 1.5f), rng::Uniform(second[1], -1.5f, 1.5f)};
  ASSERT_GT(SquaredDistance(target, expected), 0.36f);
  const Point spawned = Spawn(at, {&target, 1});
  EXPECT_EQ(spawned.x, expected.x);
  EXPECT_EQ(spawned.y, expected.y);
}

}  // namespace
}  // namespace nmn::env
