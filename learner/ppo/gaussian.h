#pragma once

#include <ATen/core/Tensor.h>

#include "learner/ppo/policy_head.h"

namespace nmn::ppo {

// N(mean, exp(log_variance)) over actions of one number, as nn::GaussianHead.
class GaussianHead final : public PolicyHead {
 public:
  explicit GaussianHead(const v1::NetworkOptions& options) : options_(options) {}

  // The log-variance gets the constant shift and, where the options bound it, is clipped with no gradient outside the
  // bounds.
  Parameters Finish(const at::Tensor& output) const override;
  at::Tensor LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const override;
  at::Tensor Entropy(const Parameters& parameters) const override;  // (log_variance + log(2 pi e)) / 2
  at::Tensor KlDivergence(const Parameters& from, const Parameters& to) const override;
  double MeanDeviation(const Parameters& parameters) const override;

 private:
  const v1::NetworkOptions options_;
};

// A Gaussian policy with its parameters by name.
struct Gaussian : Policy {
  Gaussian(at::Tensor mean, at::Tensor log_variance);
  explicit Gaussian(Policy policy) : Policy(std::move(policy)) {}

  const at::Tensor& mean() const { return parameters[0]; }
  const at::Tensor& log_variance() const { return parameters[1]; }
};

}  // namespace nmn::ppo
