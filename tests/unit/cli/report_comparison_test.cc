// Statistics of few runs on several tasks: closed forms, and what the library rliable says of the same scores.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "cli/report/comparison.h"

namespace nmn::report {
namespace {

// Two methods, three tasks, six runs each.
const Scores kX = {
    {4571.5, 4512.25, 4599, 4433.75, 4580, 4555}, {0.52, 0.61, 0.575, 0.66, 0.49, 0.7}, {-3, 12, 7.5, 9, 11.25, 10}};
const Scores kY = {
    {4560, 4590.5, 4520, 4601, 4480.25, 4536}, {0.5, 0.44, 0.62, 0.405, 0.57, 0.51}, {1, 2.5, 9, 6, -8, 10}};

Scores Scaled(const Scores& scores) {
  Scores scaled = scores;
  for (double& value : scaled[0]) value /= 5000;
  for (double& value : scaled[2]) value /= 20;
  return scaled;
}

TEST(ProbabilityOfImprovement, IsTheShareOfPairsAndTiesCountHalf) {
  EXPECT_EQ(ProbabilityOfImprovement({{2, 3}}, {{1, 1}}), 1);
  EXPECT_EQ(ProbabilityOfImprovement({{1, 1}}, {{2, 3}}), 0);
  EXPECT_EQ(ProbabilityOfImprovement({{5}}, {{5}}), 0.5);
  EXPECT_EQ(ProbabilityOfImprovement({{1, 3}, {1, 1}}, {{2, 2}, {0, 1}}), (0.5 + 0.75) / 2);
}

TEST(InterquartileMeanOf, LeavesOutAQuarterOfAllScoresTogether) {
  EXPECT_EQ(InterquartileMeanOf({{100, 2}, {3, -50}}), 2.5);
  EXPECT_EQ(InterquartileMeanOf({{9, 1, 2, 3}, {4, 5, 6, -9}}), 3.5);
}

TEST(StratifiedInterval, OfOneStratumIsTheBootstrapInterval) {
  const std::vector<double> values = {0.1, 9, 7, 3, 4, 4, -20, 6, 5, 11, 2};
  const Interval one = StratifiedInterval({values}, InterquartileMeanOf),
                 other = BootstrapInterval(Average::kIqm, values);
  EXPECT_NEAR(one.low, other.low, 1e-12);
  EXPECT_NEAR(one.high, other.high, 1e-12);
}

TEST(StratifiedInterval, DoesNotDependOnTheOrderOfTheRuns) {
  const Interval one = StratifiedInterval({{5, 1, 4, 2, 3}, {7, 9, 8}}, InterquartileMeanOf),
                 other = StratifiedInterval({{3, 2, 1, 5, 4}, {9, 8, 7}}, InterquartileMeanOf);
  EXPECT_EQ(one.low, other.low);
  EXPECT_EQ(one.high, other.high);
}

// Strata that have no spread of their own have none together, however far apart they are.
TEST(StratifiedInterval, DrawsEachStratumFromItsOwn) {
  const auto mean = [](const Scores& scores) { return (Mean(scores[0]) + Mean(scores[1])) / 2; };
  const Interval interval = StratifiedInterval({{1, 1, 1}, {100, 100, 100}}, mean);
  EXPECT_EQ(interval.low, 50.5);
  EXPECT_EQ(interval.high, 50.5);
}

// rliable 1.2.0: get_interval_estimates with 50 000 draws for the interquartile mean (aggregate_iqm), 20 000 for
// probability_of_improvement. Its draws are others, so its intervals' ends are near and not equal.
TEST(StratifiedInterval, IsThatOfRliable) {
  const Scores x = Scaled(kX), y = Scaled(kY);
  EXPECT_NEAR(InterquartileMeanOf(x), 0.65167, 1e-9);
  EXPECT_NEAR(InterquartileMeanOf(y), 0.579505, 1e-9);
  const Interval of_x = StratifiedInterval(x, InterquartileMeanOf), of_y = StratifiedInterval(y, InterquartileMeanOf);
  EXPECT_NEAR(of_x.low, 0.6091, 0.008);
  EXPECT_NEAR(of_x.high, 0.68735, 0.008);
  EXPECT_NEAR(of_y.low, 0.51512, 0.008);
  EXPECT_NEAR(of_y.high, 0.61471, 0.008);

  EXPECT_NEAR(ProbabilityOfImprovement(kX, kY), 2 / 3., 1e-12);
  Scores both = kX;
  both.insert(both.end(), kY.begin(), kY.end());
  const Interval improvement = StratifiedInterval(both, [](const Scores& drawn) {
    return ProbabilityOfImprovement({drawn.begin(), drawn.begin() + 3}, {drawn.begin() + 3, drawn.end()});
  });
  EXPECT_NEAR(improvement.low, 0.4906, 0.03);
  EXPECT_NEAR(improvement.high, 0.83796, 0.03);
}

}  // namespace
}  // namespace nmn::report
