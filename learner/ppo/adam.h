#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// The optimiser's memory of one network. Assigning shares storage; Clone does not.
struct AdamState {
  at::Tensor first_moment;   // [parameter]
  at::Tensor second_moment;  // [parameter]
  uint64_t steps = 0;

  static AdamState Like(const at::Tensor& parameters);  // zeros, same device and type
  AdamState Clone() const;
};

// One step of Adam (Kingma & Ba 2015) on a flat parameter vector, in place, with PyTorch's arithmetic: both bias
// corrections, epsilon added after the square root. `rate` is the learning rate of this step. parameters and gradient
// are [parameter].
void AdamStep(const v1::AdamOptions& options, double rate, const at::Tensor& gradient, const at::Tensor& parameters,
              AdamState& state);

// Scales the gradient in place so that its 2-norm is at most `limit` (0: leaves it), as torch's clip_grad_norm_ does.
// Returns the norm before.
double ClipGradientNorm(const at::Tensor& gradient, double limit);

}  // namespace nmn::ppo
