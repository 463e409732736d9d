#pragma once

#include <ATen/core/Tensor.h>

#include "learner/ppo/policy_head.h"

namespace nmn::ppo {

// Actions of m independent numbers, each N(mean, exp(log_variance)), as nn::GaussianHead.
class GaussianHead final : public PolicyHead {
 public:
  explicit GaussianHead(const v1::NetworkOptions& options, int64_t numbers = 1)
      : options_(options), numbers_(numbers) {}

  // The log-variance gets the constant shift and, where the options bound it, is clipped with no gradient outside the
  // bounds.
  Parameters Finish(const at::Tensor& output) const override;
  at::Tensor LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const override;
  at::Tensor Entropy(const Parameters& parameters) const override;  // sum of (log_variance + log(2 pi e)) / 2
  at::Tensor KlDivergence(const Parameters& from, const Parameters& to) const override;
  double MeanDeviation(const Parameters& parameters) const override;

 private:
  // Numbers [first, first + m) of the network's output: [time, sequence], or [time, m, sequence] where m > 1.
  at::Tensor Part(const at::Tensor& output, int64_t first) const;

  const v1::NetworkOptions options_;
  const int64_t numbers_;
};

// A Gaussian policy with its parameters by name.
struct Gaussian : Policy {
  Gaussian(at::Tensor mean, at::Tensor log_variance);
  explicit Gaussian(Policy policy) : Policy(std::move(policy)) {}

  const at::Tensor& mean() const { return parameters[0]; }
  const at::Tensor& log_variance() const { return parameters[1]; }
};

}  // namespace nmn::ppo
