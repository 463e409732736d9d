#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

v1::EnvironmentOptions Orders(std::vector<float> orders) {
  v1::EnvironmentOptions options;
  options.mutable_tasks()->Add(orders.begin(), orders.end());
  return options;
}

TEST(TwoTargets, TheOrderSaysWhichTargetIsListedFirst) {
  Player player("b3", Orders({0, 1}), 2);
  for (size_t lane = 0; lane < 2; ++lane) {
    const auto task = player.task(lane);
    const auto at = player.state(lane);
    ASSERT_EQ(task[0], lane);
    const size_t good = lane == 0 ? 0 : 2;
    EXPECT_EQ(player.x(good, lane), task[1] - at[0]);
    EXPECT_EQ(player.x(good + 1, lane), task[2] - at[1]);
    EXPECT_EQ(player.x(2 - good, lane), task[3] - at[0]);
    EXPECT_EQ(player.x(3 - good, lane), task[4] - at[1]);
  }
}

TEST(TwoTargets, EveryStepFollowsTheRules) {
  constexpr size_t kLanes = 8;
  Player player("b3", Orders({}), kLanes);
  std::mt19937 random(2);
  std::uniform_real_distribution<float> any(-1, 1);
  std::vector<double> good_hits(kLanes), bad_hits(kLanes);
  for (int t = 0; t < 4000; ++t) {
    std::vector<std::vector<float>> before;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      before.push_back(player.state(lane));
      player.u[lane] = any(random);
    }
    player.Step();
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const auto task = player.task(lane);
      const auto after = player.state(lane);
      const auto distance = [&](const std::vector<float>& at, size_t which) {
        return std::hypot(at[0] - task[1 + 2 * which], at[1] - task[2 + 2 * which]);
      };
      const double good = distance(before[lane], 0);
      const double bad = distance(before[lane], 1);
      if (std::min(good, bad) <= 0.4) {
        ASSERT_EQ(player.reward[lane], good < bad ? 100 : -50);
        (good < bad ? good_hits : bad_hits)[lane] += 1;
        ASSERT_GT(std::min(distance(after, 0), distance(after, 1)), 0.6);
      } else {
        ASSERT_EQ(player.reward[lane], 0);
        const double angle = std::numbers::pi * player.u[lane];
        ASSERT_NEAR(std::remainder(after[0] - before[lane][0] - 0.25 * std::cos(angle), 4.0), 0, 1e-6);
        ASSERT_NEAR(std::remainder(after[1] - before[lane][1] - 0.25 * std::sin(angle), 4.0), 0, 1e-6);
      }
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    EXPECT_EQ(player.environment().Measure(0, lane), good_hits[lane]);
    EXPECT_EQ(player.environment().Measure(1, lane), bad_hits[lane]);
    EXPECT_GT(good_hits[lane] + bad_hits[lane], 0);
  }
}

TEST(TwoTargets, OrdersAreAFairCoin) {
  constexpr size_t kLanes = 10000;
  Player player("b3", Orders({}), kLanes);
  double ones = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) ones += player.task(lane)[0];
  EXPECT_NEAR(ones / kLanes, 0.5, 4.5 * 0.5 / std::sqrt(kLanes));
}

TEST(TwoTargets, AListedSwitchShowsTheNewOrderBeforeItsStep) {
  auto options = Orders({0, 1});
  options.add_switch_steps(1);
  Player player("b3", options, 1);
  player.Step(0.25f);
  const auto task = player.task();
  const auto at = player.state();
  EXPECT_EQ(task[0], 1);
  EXPECT_EQ(player.x(0), task[3] - at[0]);
  EXPECT_EQ(player.x(2), task[1] - at[0]);
}

}  // namespace
}  // namespace nmn::env
