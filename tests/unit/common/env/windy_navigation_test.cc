#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

constexpr double kPiExact = std::numbers::pi;

double Wrapped(double c) { return c > 2 ? c - 4 : c < -2 ? c + 4 : c; }

// Difference on the torus.
double Gap(double a, double b) { return std::abs(std::remainder(a - b, 4.0)); }

v1::EnvironmentOptions Still(std::vector<float> winds, std::vector<float> targets = {}) {
  v1::EnvironmentOptions options;
  options.set_domain(v1::DOMAIN_REFERENCE);
  options.mutable_tasks()->Add(winds.begin(), winds.end());
  options.mutable_targets()->Add(targets.begin(), targets.end());
  return options;
}

TEST(WindyNavigation, EveryStepFollowsTheRules) {
  const std::vector<float> winds = {0, 1, 2.5f, 4, 6};
  Player player("b2", Still(winds), 5);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> any(-1.5f, 1.5f);
  int hits = 0;
  for (int t = 0; t < 4000; ++t) {
    std::vector<std::vector<float>> before;
    for (size_t lane = 0; lane < 5; ++lane) {
      before.push_back(player.state(lane));
      player.u[lane] = any(random);
    }
    player.Step();
    for (size_t lane = 0; lane < 5; ++lane) {
      const auto task = player.task(lane);
      const auto after = player.state(lane);
      ASSERT_EQ(task[0], winds[lane]);
      ASSERT_EQ(player.x(0, lane), task[1] - after[0]);
      ASSERT_EQ(player.x(1, lane), task[2] - after[1]);
      const double angle = kPiExact * player.u[lane];
      ASSERT_NEAR(player.action[lane], angle > 0 ? angle : 2 * kPiExact + angle, 1e-5);
      const double distance = std::hypot(before[lane][0] - task[1], before[lane][1] - task[2]);
      if (distance <= 0.4) {
        ++hits;
        ASSERT_EQ(player.reward[lane], 100);
        ASSERT_GT(std::hypot(after[0] - task[1], after[1] - task[2]), 0.6);
        ASSERT_LE(std::max(std::abs(after[0]), std::abs(after[1])), 1.5);
      } else {
        ASSERT_EQ(player.reward[lane], -2);
        ASSERT_LT(Gap(after[0], Wrapped(before[lane][0] + 0.25 * std::cos(angle) + 0.25 * std::cos(winds[lane]))),
                  1e-6);
        ASSERT_LT(Gap(after[1], Wrapped(before[lane][1] + 0.25 * std::sin(angle) + 0.25 * std::sin(winds[lane]))),
                  1e-6);
        ASSERT_LE(std::max(std::abs(after[0]), std::abs(after[1])), 2);
      }
    }
  }
  double counted = 0;
  for (size_t lane = 0; lane < 5; ++lane) counted += player.environment().Measure(0, lane);
  EXPECT_EQ(counted, hits);
  EXPECT_GT(hits, 50);
}

TEST(WindyNavigation, WindIsUniformInItsCone) {
  auto options = Still({1.0f});
  options.set_cone(kPiExact / 5);
  constexpr size_t kLanes = 200;
  Player player("b2", options, kLanes);
  std::vector<double> offsets;
  for (int t = 0; t < 100; ++t) {
    std::vector<std::vector<float>> before;
    for (size_t lane = 0; lane < kLanes; ++lane) before.push_back(player.state(lane));
    player.Step(1.0f);  // west
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if (player.reward[lane] > 0) continue;
      const auto after = player.state(lane);
      const double dx = std::remainder(after[0] - before[lane][0] + 0.25, 4.0);
      const double dy = std::remainder(after[1] - before[lane][1], 4.0);
      ASSERT_NEAR(std::hypot(dx, dy), 0.25, 1e-6);
      offsets.push_back((std::atan2(dy, dx) - 1) / (kPiExact / 5));
    }
  }
  std::sort(offsets.begin(), offsets.end());
  const double n = static_cast<double>(offsets.size());
  double distance = 0;
  for (size_t i = 0; i < offsets.size(); ++i) {
    distance = std::max(distance, std::abs((offsets[i] + 1) / 2 - static_cast<double>(i) / n));
  }
  EXPECT_LT(distance * std::sqrt(n), 2.3);  // Kolmogorov-Smirnov, once in 20 000
}

TEST(WindyNavigation, GivenTargetsGoRound) {
  Player player("b2", Still({}, {0.5f, -0.25f, -1, 1}), 3, {.seed = 1, .first_global_episode = 1});
  EXPECT_EQ(player.task(0)[1], -1);
  EXPECT_EQ(player.task(0)[2], 1);
  EXPECT_EQ(player.task(1)[1], 0.5f);
  EXPECT_EQ(player.task(1)[2], -0.25f);
  EXPECT_EQ(player.task(2)[1], -1);
}

TEST(WindyNavigation, TargetStaysWhenTheWindSwitches) {
  auto options = Still({0, 3});
  options.add_switch_steps(1);
  Player player("b2", options, 1);
  const auto before = player.task();
  player.Step(0.5f);
  const auto after = player.task();
  EXPECT_EQ(before[0], 0);
  EXPECT_EQ(after[0], 3);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_EQ(after[2], before[2]);
}

}  // namespace
}  // namespace nmn::env
