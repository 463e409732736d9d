#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "common/env/environment.h"
#include "learner/ppo/advantages.h"

namespace nmn::ppo {
namespace {

// Rewards, values and ratios of `time` steps of `episodes` episodes, and room for what is estimated.
struct Batch {
  Batch(size_t time, size_t episodes, std::vector<float> rewards, std::vector<float> values, std::vector<float> ratios)
      : time(time),
        episodes(episodes),
        rewards(std::move(rewards)),
        values(std::move(values)),
        ratios(std::move(ratios)),
        advantages(time * episodes),
        targets(time * episodes) {}
  ConstView2 View(const std::vector<float>& data) const { return {data.data(), time, episodes}; }
  View2 View(std::vector<float>& data) const { return {data.data(), time, episodes}; }
  void Estimate(float discount, float trace_decay) {
    EstimateVTrace({discount, trace_decay}, View(std::as_const(rewards)), View(std::as_const(values)),
                   View(std::as_const(ratios)), View(advantages), View(targets));
  }
  size_t time, episodes;
  std::vector<float> rewards, values, ratios, advantages, targets;
};

std::vector<float> Draw(size_t count, float low, float high, uint32_t seed) {
  std::mt19937 draw(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = uniform(draw);
  return numbers;
}

TEST(VTraceEspeholt2018Eq1, WhereNothingLagsItIsGaeAndTheLambdaReturn) {
  Batch batch(20, 3, Draw(60, -1, 1, 1), Draw(60, -2, 2, 2), std::vector<float>(60, 1.0f));
  batch.Estimate(0.9f, 0.8f);
  std::vector<float> advantages(60), returns(60);
  EstimateAdvantages({0.9f, 0.8f}, batch.View(std::as_const(batch.rewards)), batch.View(std::as_const(batch.values)),
                     batch.View(advantages), batch.View(returns));
  for (size_t i = 0; i < 60; ++i) {
    EXPECT_NEAR(batch.advantages[i], advantages[i], 1e-5);
    EXPECT_NEAR(batch.targets[i], advantages[i] + batch.values[i], 1e-5);
  }
}

TEST(VTraceEspeholt2018Eq1, WhereNothingLagsACutIsThatOfGae) {
  Batch batch(20, 3, Draw(60, -1, 1, 1), Draw(60, -2, 2, 2), std::vector<float>(60, 1.0f));
  std::vector<float> ends(60), final_values(60), advantages(60), returns(60);
  for (const size_t i : {4, 20, 31}) ends[i] = env::kTerminated;
  for (const size_t i : {9, 30, 59}) {
    ends[i] = env::kTruncated;
    final_values[i] = 0.1f * static_cast<float>(i);
  }
  const TrialCuts cuts{batch.View(std::as_const(ends)), batch.View(std::as_const(final_values))};
  const ConstView2 rewards = batch.View(std::as_const(batch.rewards)), values = batch.View(std::as_const(batch.values));
  EstimateVTrace({0.9f, 0.8f}, rewards, values, batch.View(std::as_const(batch.ratios)), batch.View(batch.advantages),
                 batch.View(batch.targets), cuts);
  EstimateAdvantages({0.9f, 0.8f}, rewards, values, batch.View(advantages), batch.View(returns), cuts);
  for (size_t i = 0; i < 60; ++i) {
    EXPECT_NEAR(batch.advantages[i], advantages[i], 1e-5);
    EXPECT_NEAR(batch.targets[i], advantages[i] + batch.values[i], 1e-5);
  }
}

TEST(VTraceEspeholt2018Eq1, WithLambdaOneAndNoLagTheTargetIsTheReturn) {
  Batch batch(3, 1, {1, 2, 4}, {0.5f, -1, 3}, {1, 1, 1});
  batch.Estimate(0.5f, 1.0f);
  EXPECT_FLOAT_EQ(batch.targets[0], 1 + 0.5f * 2 + 0.25f * 4);
  EXPECT_FLOAT_EQ(batch.targets[1], 2 + 0.5f * 4);
  EXPECT_FLOAT_EQ(batch.targets[2], 4);
}

// Worked by hand: two steps, discount and lambda 1/2.
//   delta_1 = 4 - 2 = 2, v_1 = 2 + 1/2 2 = 3; delta_0 = 1 + 1/2 2 - 1 = 1, A_0 = 1 + 1/4 (3 - 2) = 5/4,
//   v_0 = 1 + 1/4 5/4 = 21/16
TEST(VTraceEspeholt2018Eq1, TwoStepsByHand) {
  Batch batch(2, 1, {1, 4}, {1, 2}, {0.25f, 0.5f});
  batch.Estimate(0.5f, 0.5f);
  EXPECT_FLOAT_EQ(batch.advantages[1], 2);
  EXPECT_FLOAT_EQ(batch.targets[1], 3);
  EXPECT_FLOAT_EQ(batch.advantages[0], 1.25f);
  EXPECT_FLOAT_EQ(batch.targets[0], 21.0f / 16);
}

// The sum of eq. 1 itself, term by term.
TEST(VTraceEspeholt2018Eq1, IsTheSumOfDiscountedErrorsUnderTheProductOfCutRatios) {
  constexpr float kDiscount = 0.9f, kLambda = 0.7f;
  Batch batch(12, 2, Draw(24, -1, 1, 3), Draw(24, -1, 1, 4), Draw(24, 0, 2, 5));
  batch.Estimate(kDiscount, kLambda);
  for (size_t e = 0; e < 2; ++e) {
    for (size_t s = 0; s < 12; ++s) {
      double target = batch.values[s * 2 + e], product = 1;
      for (size_t t = s; t < 12; ++t) {
        const double ratio = std::min(1.0f, batch.ratios[t * 2 + e]);
        const double next = t + 1 < 12 ? batch.values[(t + 1) * 2 + e] : 0;
        target += product * ratio * (batch.rewards[t * 2 + e] + kDiscount * next - batch.values[t * 2 + e]);
        product *= kDiscount * kLambda * ratio;
      }
      EXPECT_NEAR(batch.targets[s * 2 + e], target, 1e-5);
    }
  }
}

TEST(VTraceEspeholt2018Eq1, RatiosAboveOneAreCut) {
  Batch cut(3, 1, {1, 2, 4}, {0.5f, -1, 3}, {1, 1, 1});
  Batch large(3, 1, {1, 2, 4}, {0.5f, -1, 3}, {3, 1e20f, 1.5f});
  cut.Estimate(0.5f, 0.9f);
  large.Estimate(0.5f, 0.9f);
  EXPECT_EQ(cut.targets, large.targets);
  EXPECT_EQ(cut.advantages, large.advantages);
}

TEST(VTraceEspeholt2018Eq1, AStepThatThePolicyWouldNotTakeEndsTheTrace) {
  Batch batch(3, 1, {1, 2, 4}, {0.5f, -1, 3}, {1, 0, 1});
  batch.Estimate(0.5f, 0.9f);
  EXPECT_FLOAT_EQ(batch.targets[1], -1);  // nothing is learnt of it
  EXPECT_FLOAT_EQ(batch.targets[0], 1 + 0.5f * -1);
}

TEST(VTraceDeathTest, RefusesViewsOfDifferentShape) {
  Batch batch(2, 1, {1, 2}, {1, 2}, {1, 1});
  EXPECT_DEATH(
      EstimateVTrace({}, batch.View(std::as_const(batch.rewards)), batch.View(std::as_const(batch.values)),
                     ConstView2(batch.ratios.data(), 1, 2), batch.View(batch.advantages), batch.View(batch.targets)),
      "differ in shape");
}

}  // namespace
}  // namespace nmn::ppo
