#include "learner/ppo/advantages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "common/env/environment.h"

namespace nmn::ppo {
namespace {

// Rewards and values of `time` steps of `episodes` episodes, and room for what is estimated.
struct Batch {
  Batch(size_t time, size_t episodes, std::vector<float> rewards, std::vector<float> values)
      : time(time), episodes(episodes), rewards(std::move(rewards)), values(std::move(values)) {
    advantages.resize(time * episodes);
    returns.resize(time * episodes);
  }
  void Estimate(float discount, float trace_decay) {
    EstimateAdvantages({discount, trace_decay}, {rewards.data(), time, episodes}, {values.data(), time, episodes},
                       {advantages.data(), time, episodes}, {returns.data(), time, episodes});
  }
  size_t time, episodes;
  std::vector<float> rewards, values, advantages, returns;
};

TEST(AdvantagesSchulman2016Eq16, WithLambdaOneIsReturnMinusValue) {
  Batch batch(3, 1, {1, 2, 4}, {0.5f, -1, 3});
  batch.Estimate(0.5f, 1.0f);
  EXPECT_FLOAT_EQ(batch.returns[0], 1 + 0.5f * 2 + 0.25f * 4);
  for (size_t t = 0; t < 3; ++t) EXPECT_FLOAT_EQ(batch.advantages[t], batch.returns[t] - batch.values[t]);
}

TEST(AdvantagesSchulman2016Eq16, WithLambdaZeroIsTheOneStepError) {
  Batch batch(3, 1, {1, 2, 4}, {0.5f, -1, 3});
  batch.Estimate(0.5f, 0.0f);
  EXPECT_FLOAT_EQ(batch.advantages[0], 1 + 0.5f * -1 - 0.5f);
  EXPECT_FLOAT_EQ(batch.advantages[1], 2 + 0.5f * 3 - -1);
  EXPECT_FLOAT_EQ(batch.advantages[2], 4 - 3);
}

TEST(AdvantagesSchulman2016Eq16, BetweenThemAddsErrorsWithWeightsGammaLambda) {
  Batch batch(3, 1, {1, 2, 4}, {0.5f, -1, 3});
  batch.Estimate(0.5f, 0.5f);  // errors 0, 4.5, 1
  EXPECT_FLOAT_EQ(batch.advantages[2], 1.0f);
  EXPECT_FLOAT_EQ(batch.advantages[1], 4.5f + 0.25f * 1.0f);
  EXPECT_FLOAT_EQ(batch.advantages[0], 0.0f + 0.25f * 4.75f);
}

// With later rewards folded in, the first steps alone have the returns of the whole episode, and a trace that ends
// there ends in the return.
TEST(Advantages, FoldedRewardsGiveTheFirstStepsTheReturnsOfTheWhole) {
  Batch whole(4, 2, {1, 5, 2, 6, 4, 7, -3, 8}, {0.5f, 1, -1, 2, 3, 4, 5, 6});
  whole.Estimate(0.5f, 0.5f);
  std::vector<float> rewards = whole.rewards;
  FoldLaterRewards(0.5f, 2, View2(rewards.data(), 4, 2));
  Batch first(2, 2, {rewards.begin(), rewards.begin() + 4}, {0.5f, 1, -1, 2});
  first.Estimate(0.5f, 0.5f);
  for (size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(first.returns[i], whole.returns[i]);
  for (size_t e = 0; e < 2; ++e) {
    EXPECT_FLOAT_EQ(first.advantages[2 + e], whole.returns[2 + e] - whole.values[2 + e]);
    EXPECT_EQ(rewards[e], whole.rewards[e]);
  }
}

TEST(Advantages, OneEpisodeDoesNotReachItsNeighbour) {
  Batch alone(2, 1, {1, 2}, {3, 4});
  Batch beside(2, 2, {1, 100, 2, 200}, {3, -50, 4, 70});
  alone.Estimate(0.9f, 0.8f);
  beside.Estimate(0.9f, 0.8f);
  EXPECT_EQ(alone.advantages[0], beside.advantages[0]);
  EXPECT_EQ(alone.advantages[1], beside.advantages[2]);
  EXPECT_EQ(alone.returns[0], beside.returns[0]);
}

// With cuts, each trial is an episode by itself that ends in its final value: here it is estimated as one, a reward of
// that value being its last step's.
TEST(Advantages, ACutTrialIsAnEpisodeThatEndsInItsFinalValue) {
  const float discount = 0.7f, trace_decay = 0.6f;
  const size_t time = 9;
  Batch batch(time, 2, {1, 5, 2, 6, 4, 7, -3, 8, 2, -2, 1, 3, 0.5f, 4, -1, 2, 6, 1},
              {0.5f, 1, -1, 2, 3, 4, 5, 6, 2, 1, -4, 0.5f, 7, 2, 1, 3, 2, 5});
  // Episode 0: terminated at 2, truncated at 5, and at the last step, where nothing is worth anything. Episode 1: none
  // before the last.
  std::vector<float> ends(time * 2), final_values(time * 2);
  ends[2 * 2] = env::kTerminated;
  ends[5 * 2] = ends[8 * 2] = env::kTruncated;
  ends[8 * 2 + 1] = env::kTerminated;
  final_values[5 * 2] = 11;
  final_values[8 * 2] = 13;
  const std::vector<float> uncut_advantages = (batch.Estimate(discount, trace_decay), batch.advantages);
  const std::vector<float> uncut_returns = batch.returns;
  EstimateAdvantages({discount, trace_decay}, {batch.rewards.data(), time, 2}, {batch.values.data(), time, 2},
                     {batch.advantages.data(), time, 2}, {batch.returns.data(), time, 2},
                     {{ends.data(), time, 2}, {final_values.data(), time, 2}});
  for (const auto& [first, count, rest] : {std::tuple<size_t, size_t, float>{0, 3, 0}, {3, 3, 11}, {6, 3, 0}}) {
    Batch trial(count, 1, {}, {});
    for (size_t t = first; t < first + count; ++t) {
      trial.rewards.push_back(batch.rewards[2 * t] + (t + 1 == first + count ? discount * rest : 0));
      trial.values.push_back(batch.values[2 * t]);
    }
    trial.Estimate(discount, trace_decay);
    for (size_t t = 0; t < count; ++t) {
      EXPECT_FLOAT_EQ(batch.advantages[2 * (first + t)], trial.advantages[t]) << first + t;
      EXPECT_FLOAT_EQ(batch.returns[2 * (first + t)], trial.returns[t]) << first + t;
    }
  }
  for (size_t t = 0; t < time; ++t) {
    EXPECT_EQ(batch.advantages[2 * t + 1], uncut_advantages[2 * t + 1]);
    EXPECT_EQ(batch.returns[2 * t + 1], uncut_returns[2 * t + 1]);
  }
}

TEST(AdvantagesDeathTest, RefusesViewsOfDifferentShape) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // OpenBLAS has threads of its own
  std::vector<float> data(6);
  const View2 three(data.data(), 3, 2);
  const View2 two(data.data(), 2, 2);
  EXPECT_DEATH(EstimateAdvantages({}, three, three, three, two), "differ in shape");
}

TEST(NormaliseAdvantages, DividesByThePopulationDeviation) {
  std::vector<float> data = {1, 2, 3, 6};  // mean 3, population variance 3.5
  NormaliseAdvantages(View2(data.data(), 2, 2));
  for (size_t i = 0; i < 4; ++i) {
    const float before[] = {1, 2, 3, 6};
    EXPECT_FLOAT_EQ(data[i], static_cast<float>((before[i] - 3) / (std::sqrt(3.5) + 1e-6)));
  }
}

TEST(NormaliseAdvantages, OfEqualAdvantagesIsZero) {
  std::vector<float> data = {2, 2};
  NormaliseAdvantages(View2(data.data(), 1, 2));
  EXPECT_EQ(data, (std::vector<float>{0, 0}));
}

TEST(ExplainedVariance, IsOneForExactValuesAndZeroForAConstant) {
  std::vector<float> returns = {1, 2, 3, 4, 99, 99};  // the last row is beyond the kept steps
  std::vector<float> exact = {1, 2, 3, 4, 0, 0};
  std::vector<float> constant = {7, 7, 7, 7, 7, 7};
  const ConstView2 view(returns.data(), 3, 2);
  EXPECT_DOUBLE_EQ(ExplainedVariance(view, ConstView2(exact.data(), 3, 2), 2), 1.0);
  EXPECT_DOUBLE_EQ(ExplainedVariance(view, ConstView2(constant.data(), 3, 2), 2), 0.0);
  EXPECT_TRUE(std::isnan(ExplainedVariance(ConstView2(constant.data(), 3, 2), view, 2)));
}

}  // namespace
}  // namespace nmn::ppo
