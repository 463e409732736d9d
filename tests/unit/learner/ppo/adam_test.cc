#include <gtest/gtest.h>
#include <torch/optim/adam.h>

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

TEST(Adam, FirstStepsMatchHandComputedValues) {
  const at::Tensor parameters = Vector({1, 2});
  AdamState state = AdamState::Like(parameters);
  AdamStep(Options(0.5), 0.1, Vector({3, -4}), parameters, state);
  // Both corrections cancel at the first step: m / c1 = g, sqrt(v / c2) = |g|.
  EXPECT_TRUE(Near(parameters, Vector({1 - 0.1 * 3 / 3.5, 2 + 0.1 * 4 / 4.5}), 1e-12));
  AdamStep(Options(0.5), 0.1, Vector({0, 0}), parameters, state);
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
    AdamStep(Options(1e-8), 3e-3, gradient, ours, state);
  }
  EXPECT_TRUE(Near(ours, theirs.detach(), 1e-7));
}

TEST(ClipGradientNorm, ScalesOnlyWhatIsLonger) {
  const at::Tensor gradient = Vector({3, 4});
  EXPECT_DOUBLE_EQ(ClipGradientNorm(gradient, 0), 5);
  EXPECT_DOUBLE_EQ(ClipGradientNorm(gradient, 6), 5);
  EXPECT_TRUE(Near(gradient, Vector({3, 4}), 0));
  EXPECT_DOUBLE_EQ(ClipGradientNorm(gradient, 1), 5);
  EXPECT_TRUE(Near(gradient, Vector({0.6, 0.8}), 1e-6));
}

}  // namespace
}  // namespace nmn::ppo
