#include "common/env/hidden_goal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "common/rng/philox.h"
#include "tests/unit/common/env/moments.h"
#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

constexpr double kErrors = 4;
constexpr const char* kTask = "hidden-goal";

// Of an angle that is uniform, cosine and sine have mean 0, second moment 1/2 and no correlation.
TEST(HiddenGoal, GoalsLieAnywhereOnTheUnitCircle) {
  constexpr size_t kLanes = 8000;
  Player player(kTask, {}, kLanes);
  std::vector<double> x, y, xx, xy;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const std::vector<float> goal = player.task(lane);
    ASSERT_NEAR(std::hypot(goal[0], goal[1]), 1, 1e-5);
    x.push_back(goal[0]);
    y.push_back(goal[1]);
    xx.push_back(goal[0] * goal[0]);
    xy.push_back(goal[0] * goal[1]);
  }
  EXPECT_NEAR(MomentsOf(x).mean, 0, kErrors * MomentsOf(x).error);
  EXPECT_NEAR(MomentsOf(y).mean, 0, kErrors * MomentsOf(y).error);
  EXPECT_NEAR(MomentsOf(xx).mean, 0.5, kErrors * MomentsOf(xx).error);
  EXPECT_NEAR(MomentsOf(xy).mean, 0, kErrors * MomentsOf(xy).error);
}

TEST(HiddenGoal, ATrialEndsAfterTwentyStepsAndTheNextBeginsInTheMiddleWithTheSameGoal) {
  constexpr size_t kLanes = 3;
  Player player(kTask, {}, kLanes);
  const std::vector<float> goal = player.task(1);
  double x = 0, y = 0;
  for (uint32_t t = 0; t < 100; ++t) {
    for (size_t i = 0; i < player.u.size(); ++i)
      player.u[i] = rng::StepNormal({3, 0, static_cast<uint32_t>(i), t}, rng::Purpose::kActionNoise);
    player.Step();
    x += std::clamp(0.3 * player.u[1], -0.3, 0.3);
    y += std::clamp(0.3 * player.u[kLanes + 1], -0.3, 0.3);
    ASSERT_NEAR(player.reward[1], std::max(0.0, 1 - std::hypot(goal[0] - x, goal[1] - y) / 0.5), 1e-5);
    const bool ends = t % 20 == 19;
    ASSERT_EQ(player.trial_end[1], ends ? kTruncated : kGoesOn);
    ASSERT_NEAR(player.final_observation[1], ends ? x : 0, 1e-5);
    ASSERT_NEAR(player.final_observation[kLanes + 1], ends ? y : 0, 1e-5);
    if (ends) x = y = 0;
    ASSERT_NEAR(player.x(0, 1), x, 1e-5);
    ASSERT_NEAR(player.x(1, 1), y, 1e-5);
    ASSERT_EQ(player.task(1), goal);
  }
}

TEST(HiddenGoal, ReturnsAreThoseOfAnIndependentSimulation) {
  constexpr size_t kLanes = 8000;
  Player player(kTask, {}, kLanes, {.seed = 3});
  std::vector<double> ours(kLanes), theirs(kLanes), near, their_near(kLanes);
  for (uint32_t t = 0; t < 100; ++t) {
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      const rng::Block words = rng::Draw({9, 0, lane, t}, rng::Purpose::kActionNoise);
      for (size_t i = 0; i < 2; ++i) player.u[i * kLanes + lane] = rng::Uniform(words[i], -1, 1);
    }
    player.Step();
    for (size_t lane = 0; lane < kLanes; ++lane) ours[lane] += player.reward[lane];
  }
  for (size_t lane = 0; lane < kLanes; ++lane) near.push_back(player.environment().Measure(0, lane));
  std::mt19937_64 generator(17);
  std::uniform_real_distribution<double> step(-0.3, 0.3), angle(0, 2 * std::numbers::pi);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double of_goal = angle(generator);
    for (int trial = 0; trial < 5; ++trial) {
      double x = 0, y = 0;
      for (int t = 0; t < 20; ++t) {
        x += step(generator);
        y += step(generator);
        const double distance = std::hypot(std::cos(of_goal) - x, std::sin(of_goal) - y);
        if (distance >= 0.5) continue;
        theirs[lane] += 1 - distance / 0.5;
        their_near[lane] += 1;
      }
    }
  }
  const Moments a = MomentsOf(ours), b = MomentsOf(theirs), c = MomentsOf(near), d = MomentsOf(their_near);
  EXPECT_NEAR(a.mean, b.mean, kErrors * std::hypot(a.error, b.error));
  EXPECT_NEAR(c.mean, d.mean, kErrors * std::hypot(c.error, d.error));
}

}  // namespace
}  // namespace nmn::env
