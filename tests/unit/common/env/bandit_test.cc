#include "common/env/bandit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/env/figures.h"
#include "tests/unit/common/env/bandit_options.h"
#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

constexpr double kErrors = 4;

TEST(Bandit, ItsSpecFollowsFromItsOptions) {
  const EnvironmentSpec spec = *FindSpec("bandit", BanditOptions(5, 10));
  EXPECT_EQ(spec.action.discrete(), 5u);
  EXPECT_EQ(spec.task_variables.size(), 5u);
  EXPECT_DOUBLE_EQ(spec.oracle_return, 10 * 5 / 6.0);
  EXPECT_EQ(spec.random_return, 5);
  EXPECT_EQ(FindSpec("bandit")->action.discrete(), kDefaultArms);
  const v1::TaskSpec task = *MakeTaskSpec("bandit", BanditOptions(5, 10));
  EXPECT_EQ(task.action().discrete(), 5u);
  EXPECT_EQ(task.horizon(), 10u);
  EXPECT_DOUBLE_EQ(task.best_return(), 10 * 5 / 6.0);
  EXPECT_EQ(task.random_return(), 5);
}

TEST(Bandit, TheOptimumOfAnyHorizonIsKnown) {
  double discounted = 0;
  for (int t = 0; t < 10; ++t) discounted += std::pow(kReportedDiscount, t) * 5 / 6;
  EXPECT_NEAR(KnownOptimum("bandit", BanditOptions(5, 10))->discounted, discounted, 1e-9);
}

// Chances are uniform on [0, 1], of each arm by itself: mean 1/2, variance 1/12, no correlation.
TEST(Bandit, ChancesAreUniformAndIndependent) {
  constexpr size_t kLanes = 4000;
  Player player("bandit", BanditOptions(6, 1), kLanes);
  std::vector<double> sum(6), squares(6);
  double products = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const std::vector<float> p = player.task(lane);
    for (size_t arm = 0; arm < 6; ++arm) {
      ASSERT_GE(p[arm], 0);
      ASSERT_LT(p[arm], 1);
      sum[arm] += p[arm] - 0.5;
      squares[arm] += (p[arm] - 0.5) * (p[arm] - 0.5);
    }
    products += (p[0] - 0.5) * (p[5] - 0.5);
  }
  for (size_t arm = 0; arm < 6; ++arm) {
    EXPECT_LE(std::abs(sum[arm]), kErrors * std::sqrt(kLanes / 12.0)) << arm;
    // The variance of (p - 1/2)^2 is 1/80 - 1/144.
    EXPECT_LE(std::abs(squares[arm] - kLanes / 12.0), kErrors * std::sqrt(kLanes * (1 / 80.0 - 1 / 144.0))) << arm;
  }
  EXPECT_LE(std::abs(products), kErrors * std::sqrt(static_cast<double>(kLanes)) / 12);
}

TEST(Bandit, AnArmIsRewardedWithItsChance) {
  constexpr size_t kLanes = 50;
  constexpr uint32_t kSteps = 2000;
  Player player("bandit", BanditOptions(3, kSteps), kLanes);
  for (size_t lane = 0; lane < kLanes; ++lane) player.u[lane] = static_cast<float>(lane % 3);
  std::vector<double> rewards(kLanes);
  for (uint32_t t = 0; t < kSteps; ++t) {
    player.Step();
    for (size_t lane = 0; lane < kLanes; ++lane) {
      ASSERT_TRUE(player.reward[lane] == 0 || player.reward[lane] == 1);
      ASSERT_EQ(player.action[lane], player.u[lane]);
      rewards[lane] += player.reward[lane];
    }
  }
  double chi_square = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double p = player.task(lane)[lane % 3];
    chi_square += std::pow(rewards[lane] - p * kSteps, 2) / (p * (1 - p) * kSteps);
    const std::vector<float> task = player.task(lane);
    const bool best = task[lane % 3] == *std::max_element(task.begin(), task.end());
    EXPECT_EQ(player.environment().Measure(0, lane), best ? kSteps : 0);
  }
  // Chi-square of 50 degrees of freedom: mean 50, variance 100.
  EXPECT_NEAR(chi_square, kLanes, kErrors * std::sqrt(2.0 * kLanes));
}

TEST(Bandit, TheObservationIsWhatIsLeftOfTheEpisode) {
  Player player("bandit", BanditOptions(2, 4), 3);
  for (const float left : {1.0f, 0.75f, 0.5f, 0.25f}) {
    for (size_t lane = 0; lane < 3; ++lane) EXPECT_EQ(player.x(0, lane), left);
    player.Step(1);
  }
}

// The spec of options that are refused is that of the nearest legal ones: what is refused was once a want of memory.
TEST(Bandit, ItsSpecIsSmallWhateverItsOptions) {
  EXPECT_EQ(FindSpec("bandit", BanditOptions(2000000000, 10))->action.discrete(), kMostArms);
}

}  // namespace
}  // namespace nmn::env
