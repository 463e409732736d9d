#include <gtest/gtest.h>

#include "learner/ppo/critic.h"
#include "learner/ppo/gaussian.h"
#include "learner/ppo/policy.h"
#include "tests/unit/learner/ppo/near.h"

namespace nmn::ppo {
namespace {

Policy PolicyFrom(const at::Tensor& output, const v1::NetworkOptions& options) {
  const auto head = MakePolicyHead(nn::BoxOf(1), options);
  return {head, head->Finish(output)};
}

TEST(Gaussian, LogProbabilityOfKnownPoints) {
  const Gaussian policy{Vector({0, 1, 0}), Vector({0, 0, std::log(4.0)})};
  EXPECT_TRUE(Near(LogProbability(policy, Vector({0, 3, 2})),
                   Vector({-0.9189385332046727, -2.9189385332046727, -0.9189385332046727 - std::log(2.0) - 0.5}),
                   1e-12));
}

TEST(Gaussian, DivergenceOfKnownPairs) {
  const Gaussian from{Vector({0, 0, 0}), Vector({0, 0, 0})};
  const Gaussian to{Vector({0, 1, 0}), Vector({0, 0, std::log(4.0)})};
  EXPECT_TRUE(Near(KlDivergence(from, to), Vector({0, 0.5, std::log(2.0) + 0.125 - 0.5}), 1e-12));
}

TEST(Gaussian, EntropyOfTheStandardNormal) {
  EXPECT_TRUE(Near(Entropy(Gaussian(Vector({5}), Vector({0}))), Vector({1.4189385332046727}), 1e-12));
}

TEST(Gaussian, PolicyShiftsTheFirstOutputAndKeepsTheSecond) {
  const at::Tensor output = Vector({0.25, -3}).view({1, 2, 1});
  const Gaussian policy(PolicyFrom(output, {}));
  EXPECT_DOUBLE_EQ(policy.log_variance().item<double>(), -0.75);
  EXPECT_DOUBLE_EQ(policy.mean().item<double>(), -3);
}

TEST(Gaussian, NoGradientPassesTheBoundsOfLogVariance) {
  v1::NetworkOptions options;
  options.set_min_log_variance(-3);
  options.set_max_log_variance(0.5);
  const at::Tensor output = Vector({-9, 0, 0, 0, 9, 0}).view({3, 2, 1}).set_requires_grad(true);
  const Gaussian policy(PolicyFrom(output, options));
  EXPECT_TRUE(Near(policy.log_variance().detach().flatten(), Vector({-3, -1, 0.5}), 0));
  policy.log_variance().sum().backward();
  EXPECT_TRUE(Near(output.grad().select(1, 0).flatten(), Vector({0, 1, 0}), 0));
}

// Two samples under a new policy of mean 0.1 and 0.2 and unit variance; the old one is the standard normal.
//   ratios exp(0.095) and exp(-0.02); KL 0.005 and 0.02
struct TwoSamples {
  PolicySamples samples{Vector({1, 0}), Vector({2, -1}), Gaussian(Vector({0, 0}), Vector({0, 0})), {}};
  Gaussian policy{Vector({0.1, 0.2}), Vector({0, 0})};
  const double first_ratio = std::exp(0.095);
  const double second_ratio = std::exp(-0.02);
};

TEST(KlPenaltyLossNmnSection3, MatchesHandComputedSamples) {
  const TwoSamples two;
  v1::KlPenalty options;
  options.set_kl_target(0.003);
  options.set_hinge_coefficient(50);
  const at::Tensor loss = KlPenaltyLoss(two.samples, two.policy, options, /*beta=*/2.0);
  EXPECT_TRUE(
      Near(loss, Vector({-2 * two.first_ratio + 2 * 0.005, two.second_ratio + 2 * 0.02 + 50 * 0.014 * 0.014}), 1e-12));
}

TEST(KlPenaltyLossNmnSection3, HingeIsOfEachSampleAndNotOfTheMean) {
  TwoSamples two;
  two.samples.advantage.zero_();
  v1::KlPenalty options;
  options.set_kl_target(0.003);
  options.set_hinge_coefficient(50);
  const double mean = KlPenaltyLoss(two.samples, two.policy, options, 0.0).mean().item<double>();
  EXPECT_NEAR(mean, 50 * 0.014 * 0.014 / 2, 1e-12);  // of the mean KL it would be 50 * 0.0065^2
}

TEST(ClippedRatioLossSchulman2017Eq7, MatchesHandComputedSamples) {
  TwoSamples two;
  EXPECT_TRUE(Near(ClippedRatioLoss(two.samples, two.policy, 0.05), Vector({-2 * 1.05, two.second_ratio}), 1e-12));
  two.samples.advantage = Vector({-1, -1});  // a ratio that rises where it should fall is never clipped
  EXPECT_TRUE(
      Near(ClippedRatioLoss(two.samples, two.policy, 0.05), Vector({two.first_ratio, two.second_ratio}), 1e-12));
  EXPECT_TRUE(Near(IsClipped(two.samples, two.policy, 0.05), Vector({1, 0}), 0));
}

TEST(CriticLoss, SquaredAndHuberOfKnownDifferences) {
  v1::CriticUpdate options;
  options.set_loss(v1::SQUARED);
  EXPECT_TRUE(Near(CriticLoss(Vector({1.5, -2}), Vector({1, 1}), options), Vector({0.25, 9}), 1e-12));
  options.set_loss(v1::HUBER);
  options.set_huber_delta(1);
  EXPECT_TRUE(Near(CriticLoss(Vector({1.5, -2}), Vector({1, 1}), options), Vector({0.125, 2.5}), 1e-12));
}

TEST(CriticLoss, HuberGradientIsCutAtDelta) {
  v1::CriticUpdate options;
  options.set_loss(v1::HUBER);
  options.set_huber_delta(2);
  const at::Tensor value = Vector({1.5, -9, 9}).set_requires_grad(true);
  CriticLoss(value, Vector({1, 1, 1}), options).sum().backward();
  EXPECT_TRUE(Near(value.grad(), Vector({0.5, -2, 2}), 1e-12));
}

}  // namespace
}  // namespace nmn::ppo
