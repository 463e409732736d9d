#pragma once

#include <ATen/core/Tensor.h>

#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// A one-dimensional Gaussian for each sample. Both tensors have the same shape, [time, sequence] in training; every
// function below works element by element, so one result a sample.
struct Gaussian {
  at::Tensor mean;
  at::Tensor log_variance;
};

// The actor network's raw output [time, 2, sequence], (log-variance before the shift, mean), as a policy: the
// log-variance gets the constant shift and, where the options bound it, is clipped with no gradient outside the bounds.
Gaussian PolicyOf(const at::Tensor& output, const v1::NetworkOptions& options);

// log N(u; mean, exp(log_variance)).
at::Tensor LogProbability(const Gaussian& policy, const at::Tensor& u);

// KL(from || to).
at::Tensor KlDivergence(const Gaussian& from, const Gaussian& to);

// Differential entropy, (log_variance + log(2 pi e)) / 2.
at::Tensor Entropy(const Gaussian& policy);

}  // namespace nmn::ppo
