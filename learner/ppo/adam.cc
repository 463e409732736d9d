#include "learner/ppo/adam.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

namespace nmn::ppo {
namespace {

// Added to the norm by torch's clip_grad_norm_, against division by zero.
constexpr double kNormFloor = 1e-6;

}  // namespace

AdamState AdamState::Like(const at::Tensor& parameters) {
  const at::Tensor detached = parameters.detach();
  return {at::zeros_like(detached), at::zeros_like(detached), 0};
}

AdamState AdamState::Clone() const { return {first_moment.clone(), second_moment.clone(), steps}; }

void AdamStep(const v1::AdamOptions& options, double rate, const at::Tensor& gradient, const at::Tensor& parameters,
              AdamState& state) {
  const c10::NoGradGuard no_grad;
  ++state.steps;
  state.first_moment.mul_(options.beta1()).add_(gradient, 1.0 - options.beta1());
  state.second_moment.mul_(options.beta2()).addcmul_(gradient, gradient, 1.0 - options.beta2());
  const double first_correction = 1.0 - std::pow(options.beta1(), static_cast<double>(state.steps));
  const double second_correction = 1.0 - std::pow(options.beta2(), static_cast<double>(state.steps));
  const at::Tensor scale = (state.second_moment.sqrt() / std::sqrt(second_correction)).add_(options.epsilon());
  at::Tensor(parameters).addcdiv_(state.first_moment, scale, -rate / first_correction);
}

double ClipGradientNorm(const at::Tensor& gradient, double limit) {
  const c10::NoGradGuard no_grad;
  const double norm = gradient.to(at::kDouble).norm().item<double>();
  const double scale = limit / (norm + kNormFloor);
  if (limit > 0 && scale < 1.0) at::Tensor(gradient).mul_(scale);
  return norm;
}

}  // namespace nmn::ppo
