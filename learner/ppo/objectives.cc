#include "learner/ppo/objectives.h"

#include <ATen/ATen.h>

namespace nmn::ppo {
namespace {

// The hinge starts at this many kl_target (nmn.md section 3).
constexpr double kHingeRatio = 2.0;

}  // namespace

at::Tensor ProbabilityRatio(const PolicySamples& samples, const Policy& policy) {
  return at::exp(LogProbability(policy, samples.raw_action) - LogProbability(samples.old, samples.raw_action));
}

at::Tensor KlPenaltyLoss(const PolicySamples& samples, const Policy& policy, const v1::KlPenalty& options,
                         double beta) {
  const at::Tensor kl = KlDivergence(samples.kl_origin(), policy);
  const at::Tensor excess = at::relu(kl - kHingeRatio * options.kl_target());
  return -samples.advantage * ProbabilityRatio(samples, policy) + beta * kl +
         options.hinge_coefficient() * excess * excess;
}

at::Tensor ClippedRatioLoss(const PolicySamples& samples, const Policy& policy, double clip) {
  const at::Tensor ratio = ProbabilityRatio(samples, policy);
  return -at::minimum(samples.advantage * ratio, samples.advantage * ratio.clamp(1.0 - clip, 1.0 + clip));
}

at::Tensor IsClipped(const PolicySamples& samples, const Policy& policy, double clip) {
  return ((ProbabilityRatio(samples, policy) - 1.0).abs() > clip).to(samples.advantage.scalar_type());
}

at::Tensor CriticLoss(const at::Tensor& value, const at::Tensor& target, const v1::CriticUpdate& options) {
  const at::Tensor difference = value - target;
  if (options.loss() != v1::HUBER) return difference * difference;
  const at::Tensor inside = difference.clamp(-options.huber_delta(), options.huber_delta());
  return inside * (difference - 0.5 * inside);
}

}  // namespace nmn::ppo
