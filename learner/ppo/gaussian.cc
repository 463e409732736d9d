#include "learner/ppo/gaussian.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "common/nn/network_spec.h"

namespace nmn::ppo {
namespace {

const double kLogTwoPi = std::log(2.0 * std::numbers::pi);

}  // namespace

Gaussian PolicyOf(const at::Tensor& output, const v1::NetworkOptions& options) {
  at::Tensor log_variance = output.select(1, 0) + nn::kLogVarianceShift;
  if (options.min_log_variance() != 0 || options.max_log_variance() != 0) {
    log_variance = log_variance.clamp(options.min_log_variance(), options.max_log_variance());
  }
  return {output.select(1, 1), log_variance};
}

at::Tensor LogProbability(const Gaussian& policy, const at::Tensor& u) {
  const at::Tensor deviation = u - policy.mean;
  return -0.5 * (policy.log_variance + deviation * deviation * at::exp(-policy.log_variance) + kLogTwoPi);
}

at::Tensor KlDivergence(const Gaussian& from, const Gaussian& to) {
  const at::Tensor distance = from.mean - to.mean;
  const at::Tensor log_ratio = from.log_variance - to.log_variance;
  return 0.5 * (at::exp(log_ratio) + distance * distance * at::exp(-to.log_variance) - 1.0 - log_ratio);
}

at::Tensor Entropy(const Gaussian& policy) { return 0.5 * (policy.log_variance + (kLogTwoPi + 1.0)); }

}  // namespace nmn::ppo
