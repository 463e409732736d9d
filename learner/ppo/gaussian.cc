#include "learner/ppo/gaussian.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "common/nn/gaussian_head.h"
#include "learner/ppo/transfer.h"

namespace nmn::ppo {
namespace {

const double kLogTwoPi = std::log(2.0 * std::numbers::pi);

// Places in the parameters, in the order of nn::GaussianHead::fields().
constexpr size_t kMean = 0;
constexpr size_t kLogVariance = 1;

// Over the numbers of an action, which are independent.
at::Tensor Sum(const at::Tensor& values) { return values.dim() == 3 ? values.sum(1) : values; }

}  // namespace

at::Tensor GaussianHead::Part(const at::Tensor& output, int64_t first) const {
  return numbers_ == 1 ? output.select(1, first) : output.narrow(1, first, numbers_);
}

PolicyHead::Parameters GaussianHead::Finish(const at::Tensor& output) const {
  at::Tensor log_variance = Part(output, 0) + nn::kLogVarianceShift;
  if (options_.min_log_variance() != 0 || options_.max_log_variance() != 0) {
    log_variance = log_variance.clamp(options_.min_log_variance(), options_.max_log_variance());
  }
  return {Part(output, numbers_), log_variance};
}

at::Tensor GaussianHead::LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const {
  const at::Tensor& log_variance = parameters[kLogVariance];
  const at::Tensor deviation = raw_action - parameters[kMean];
  return Sum(-0.5 * (log_variance + deviation * deviation * at::exp(-log_variance) + kLogTwoPi));
}

at::Tensor GaussianHead::Entropy(const Parameters& parameters) const {
  return Sum(0.5 * (parameters[kLogVariance] + (kLogTwoPi + 1.0)));
}

at::Tensor GaussianHead::KlDivergence(const Parameters& from, const Parameters& to) const {
  const at::Tensor distance = from[kMean] - to[kMean];
  const at::Tensor log_ratio = from[kLogVariance] - to[kLogVariance];
  return Sum(0.5 * (at::exp(log_ratio) + distance * distance * at::exp(-to[kLogVariance]) - 1.0 - log_ratio));
}

double GaussianHead::MeanDeviation(const Parameters& parameters) const {
  return ReadScalars({at::exp(0.5 * parameters[kLogVariance]).to(at::kDouble).mean()})[0];
}

Gaussian::Gaussian(at::Tensor mean, at::Tensor log_variance)
    : Policy{std::make_shared<GaussianHead>(v1::NetworkOptions()), {std::move(mean), std::move(log_variance)}} {}

}  // namespace nmn::ppo
