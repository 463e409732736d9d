#include "learner/ppo/gaussian.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "common/nn/gaussian_head.h"

namespace nmn::ppo {
namespace {

const double kLogTwoPi = std::log(2.0 * std::numbers::pi);

// Places in the parameters, in the order of nn::GaussianHead::fields().
constexpr size_t kMean = 0;
constexpr size_t kLogVariance = 1;

}  // namespace

PolicyHead::Parameters GaussianHead::Finish(const at::Tensor& output) const {
  at::Tensor log_variance = output.select(1, nn::GaussianHead::kLogVarianceRow) + nn::kLogVarianceShift;
  if (options_.min_log_variance() != 0 || options_.max_log_variance() != 0) {
    log_variance = log_variance.clamp(options_.min_log_variance(), options_.max_log_variance());
  }
  return {output.select(1, nn::GaussianHead::kMeanRow), log_variance};
}

at::Tensor GaussianHead::LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const {
  const at::Tensor& log_variance = parameters[kLogVariance];
  const at::Tensor deviation = raw_action - parameters[kMean];
  return -0.5 * (log_variance + deviation * deviation * at::exp(-log_variance) + kLogTwoPi);
}

at::Tensor GaussianHead::Entropy(const Parameters& parameters) const {
  return 0.5 * (parameters[kLogVariance] + (kLogTwoPi + 1.0));
}

at::Tensor GaussianHead::KlDivergence(const Parameters& from, const Parameters& to) const {
  const at::Tensor distance = from[kMean] - to[kMean];
  const at::Tensor log_ratio = from[kLogVariance] - to[kLogVariance];
  return 0.5 * (at::exp(log_ratio) + distance * distance * at::exp(-to[kLogVariance]) - 1.0 - log_ratio);
}

double GaussianHead::MeanDeviation(const Parameters& parameters) const {
  return at::exp(0.5 * parameters[kLogVariance]).to(at::kDouble).mean().item<double>();
}

Gaussian::Gaussian(at::Tensor mean, at::Tensor log_variance)
    : Policy{std::make_shared<GaussianHead>(v1::NetworkOptions()), {std::move(mean), std::move(log_variance)}} {}

}  // namespace nmn::ppo
