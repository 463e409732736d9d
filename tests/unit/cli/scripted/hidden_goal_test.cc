// The hidden goal's rules: against simulations that share no code, and the figures of docs/specification.md
// section 5.3.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/unit/cli/scripted/evaluate.h"

namespace nmn::scripted {
namespace {

constexpr double kErrors = 4;
constexpr const char* kTask = "hidden-goal";

// A trial of one who knows the goal depends on its angle alone: the mean over angles, as fine as one likes.
double StraightToTheGoal() {
  constexpr int kAngles = 20000;
  double sum = 0;
  for (int i = 0; i < kAngles; ++i) {
    const double angle = 2 * std::numbers::pi * i / kAngles;
    double dx = std::cos(angle), dy = std::sin(angle);
    for (int t = 0; t < 20; ++t) {
      const double largest = std::max(std::abs(dx), std::abs(dy)), part = largest > 0.3 ? 1 - 0.3 / largest : 0;
      dx *= part;
      dy *= part;
      sum += std::max(0.0, 1 - std::hypot(dx, dy) / 0.5) / kAngles;
    }
  }
  return sum;
}

TEST(HiddenGoalRules, TheOracleGoesStraight) {
  const Returns returns = Play("oracle", kTask, {}, 2000);
  const double trial = StraightToTheGoal();
  ASSERT_EQ(returns.trials.size(), 5u);
  for (const std::vector<double>& of_trial : returns.trials)
    EXPECT_NEAR(EstimateOf(of_trial).mean, trial, kErrors * EstimateOf(of_trial).error);
  EXPECT_NEAR(env::FindSpec(kTask)->oracle_return, 5 * trial, 0.05);
}

TEST(HiddenGoalRules, ChanceGetsItsFigure) {
  const Estimate random = EstimateOf(Play("random", kTask, {}, 8000).raw);
  EXPECT_NEAR(random.mean, *env::FindSpec(kTask)->random_return, kErrors * random.error);
}

// The search sees the whole circle in one trial, and from the second on it loses next to nothing.
TEST(HiddenGoalRules, TheSearchFindsTheGoalInTheFirstTrial) {
  const Returns adaptive = Play("adaptive", kTask, {}, 2000);
  const double trial = StraightToTheGoal();
  EXPECT_GT(EstimateOf(adaptive.trials[0]).mean, 0.4 * trial);
  for (const double found : adaptive.trials[0]) EXPECT_GT(found, 0);
  for (size_t k = 1; k < 5; ++k) EXPECT_GT(EstimateOf(adaptive.trials[k]).mean, 0.97 * trial) << k;
}

}  // namespace
}  // namespace nmn::scripted
