#include <gtest/gtest.h>
#include <torch/optim/adam.h>

#include <cmath>

#include "learner/ppo/network.h"
#include "tests/unit/learner/ppo/near.h"

namespace nmn::ppo {
namespace {

v1::AdamOptions Options(double epsilon) {
  v1::AdamOptions options;
  options.set_beta1(0.9);
  options.set_beta2(0.999);
  options.set_epsilon(epsilon);
  return options;
}

double NormBeforeClip(const at::Tensor& gradient, double limit) {
  return ClipGradientNorm(gradient, limit).item<double>();
}

// The next step at this learning rate.
void Step(const v1::AdamOptions& options, double rate, const at::Tensor& gradient, const at::Tensor& parameters,
          AdamState& state) {
  AdamStep(options, AdamFactors(options, rate, state.steps + 1, 1)[0], gradient, parameters, state);
}

TEST(Adam, FirstStepsMatchHandComputedValues) {
  const at::Tensor parameters = Vector({1, 2});
  AdamState state = AdamState::Like(parameters);
  Step(Options(0.5), 0.1, Vector({3, -4}), parameters, state);
  // Both corrections cancel at the first step: m / c1 = g, sqrt(v / c2) = |g|.
  EXPECT_TRUE(Near(parameters, Vector({1 - 0.1 * 3 / 3.5, 2 + 0.1 * 4 / 4.5}), 1e-12));
  Step(Options(0.5), 0.1, Vector({0, 0}), parameters, state);
  const double m = 0.9 * 0.3 / (1 - 0.81);
  const double v = 0.999 * 0.009 / (1 - 0.999 * 0.999);
  EXPECT_NEAR(parameters[0].item<double>(), 1 - 0.1 * 3 / 3.5 - 0.1 * m / (std::sqrt(v) + 0.5), 1e-12);
  EXPECT_EQ(state.steps, 2u);
}

TEST(Adam, IsPyTorchsOverManySteps) {
  const at::Tensor ours = at::linspace(-1, 1, 7);
  const at::Tensor theirs = ours.clone().set_requires_grad(true);
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(3e-3).betas({0.9, 0.999}).eps(1e-8));
  AdamState state = AdamState::Like(ours);
  for (int i = 1; i <= 20; ++i) {
    const at::Tensor gradient = at::sin(at::linspace(0, 1, 7) * i);
    theirs.mutable_grad() = gradient.clone();
    reference.step();
    Step(Options(1e-8), 3e-3, gradient, ours, state);
  }
  EXPECT_TRUE(Near(ours, theirs.detach(), 1e-7));
}

// The factors are tensors so that the host has no part in a step. Their arithmetic is that of numbers.
TEST(Adam, HasTheBitsOfTheFormulaWithNumbers) {
  const v1::AdamOptions options = Options(1e-8);
  const at::Tensor ours = at::linspace(-1, 1, 1003), theirs = ours.clone();
  AdamState state = AdamState::Like(ours);
  const at::Tensor first = at::zeros_like(ours), second = at::zeros_like(ours);
  for (int t = 1; t <= 50; ++t) {
    const at::Tensor gradient = at::sin(at::linspace(0, 10, 1003) * t);
    Step(options, 3e-3, gradient, ours, state);
    first.mul_(0.9).add_(gradient, 1.0 - 0.9);
    second.mul_(0.999).addcmul_(gradient, gradient, 1.0 - 0.999);
    const at::Tensor scale = (second.sqrt() / std::sqrt(1.0 - std::pow(0.999, t))).add_(1e-8);
    theirs.addcdiv_(first, scale, -3e-3 / (1.0 - std::pow(0.9, t)));
    ASSERT_TRUE(at::equal(ours, theirs)) << "step " << t;
  }
}

TEST(ClipGradientNorm, ScalesOnlyWhatIsLonger) {
  const at::Tensor gradient = Vector({3, 4});
  EXPECT_DOUBLE_EQ(NormBeforeClip(gradient, 0), 5);
  EXPECT_DOUBLE_EQ(NormBeforeClip(gradient, 6), 5);
  EXPECT_TRUE(Near(gradient, Vector({3, 4}), 0));
  EXPECT_DOUBLE_EQ(NormBeforeClip(gradient, 1), 5);
  EXPECT_TRUE(Near(gradient, Vector({0.6, 0.8}), 1e-6));
}

// With the bits of a product with the number, in float32 too; and what is not a number spoils nothing else.
TEST(ClipGradientNorm, ScalesAsANumberWould) {
  const at::Tensor gradient = at::sin(at::linspace(0, 10, 1003));
  const double norm = gradient.to(at::kDouble).norm().item<double>();
  const at::Tensor expected = gradient * (0.5 / (norm + 1e-6));
  EXPECT_DOUBLE_EQ(NormBeforeClip(gradient, 0.5), norm);
  EXPECT_TRUE(at::equal(gradient, expected));
  const at::Tensor poisoned = Vector({3, NAN, 4});
  EXPECT_TRUE(std::isnan(NormBeforeClip(poisoned, 1)));
  EXPECT_EQ(poisoned[0].item<double>(), 3);
  EXPECT_EQ(poisoned[2].item<double>(), 4);
}

}  // namespace
}  // namespace nmn::ppo
