#include "learner/run/returns.h"

#include <gtest/gtest.h>

#include <vector>

namespace nmn::run {
namespace {

TEST(Returns, AreDiscountedFromTheFirstStep) {
  // [time = 3, episode = 2]
  std::vector<float> reward = {1, 0, 2, 0, 4, 8};
  const EpisodeReturns returns = ComputeReturns(ConstView2(reward.data(), 3, 2), 0.5);
  EXPECT_EQ(returns.raw, (std::vector<double>{7, 8}));
  EXPECT_EQ(returns.discounted, (std::vector<double>{1 + 1 + 1, 2}));
}

TEST(Returns, OfTenAtEveryStepIsTheGeometricSum) {
  std::vector<float> reward(1400, 10.0f);
  const EpisodeReturns returns = ComputeReturns(ConstView2(reward.data(), 1400, 1), 0.998);
  EXPECT_NEAR(returns.raw[0], 14000, 1e-9);
  EXPECT_NEAR(returns.discounted[0], 4696.8, 0.05);  // docs/specification.md section 4.1, the oracle of b1
}

TEST(Adaptation, NamesEachStepOnceAndTheLast) {
  std::vector<float> reward(12);
  for (size_t t = 0; t < reward.size(); ++t) reward[t] = static_cast<float>(t);
  const std::vector<AdaptationPoint> points = ComputeAdaptation(ConstView2(reward.data(), 12, 1));
  std::vector<size_t> steps;
  for (const AdaptationPoint& p : points) {
    steps.push_back(p.step);
    EXPECT_EQ(p.mean_reward, static_cast<double>(p.step));
  }
  EXPECT_EQ(steps, (std::vector<size_t>{0, 1, 2, 5, 10, 11}));
}

TEST(Adaptation, OfAShortEpisodeEndsWithIt) {
  std::vector<float> reward(3, 1.0f);
  EXPECT_EQ(ComputeAdaptation(ConstView2(reward.data(), 3, 1)).size(), 3u);
}

TEST(Statistics, MeanAndPopulationDeviation) {
  EXPECT_EQ(Mean({1, 3}), 2);
  EXPECT_EQ(StandardDeviation({1, 3}), 1);
  EXPECT_EQ(Mean({}), 0);
}

}  // namespace
}  // namespace nmn::run
