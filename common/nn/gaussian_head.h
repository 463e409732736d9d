#pragma once

#include <array>

#include "common/nn/policy_head.h"

namespace nmn::nn {

// Constant added to the first output to give the log-variance.
inline constexpr float kLogVarianceShift = -1.0f;

// An action of m independent numbers, each N(mean, exp(log_variance)), from 2 m outputs of the network
// (docs/specification.md section 2): log-variances before the shift, then means. Where the options bound the
// log-variance, it is clipped after the shift.
class GaussianHead final : public PolicyHead {
 public:
  explicit GaussianHead(const v1::NetworkOptions& options, uint32_t numbers = 1);

  uint32_t parameter_count() const override { return 2 * numbers_; }
  uint32_t action_width() const override { return numbers_; }
  std::span<const ParameterField> fields() const override { return fields_; }
  void Finish(View2 parameters) const override;
  // u = mean + exp(log_variance / 2) eps, with eps of number i the StepNormal of Purpose::kActionNoise and draw i at
  // the lane's position.
  void Temper(View2 parameters, float temperature) const override;
  std::unique_ptr<ActionSampler> MakeSampler(size_t max_lanes) const override;
  void LogProbability(ConstView2 parameters, ConstView2 raw_action, float* out) const override;
  void Entropy(ConstView2 parameters, float* out) const override;
  void KlDivergence(ConstView2 from, ConstView2 to, float* out) const override;

 private:
  const uint32_t numbers_;
  const std::array<ParameterField, 2> fields_;
  const float min_log_variance_;
  const float max_log_variance_;
  const bool bounded_;
};

// u = mean + exp(log_variance / 2) eps, or u = mean where `noise` is null. Arrays are [lane] and need no alignment.
// False where any u is not finite.
bool SampleGaussian(const float* mean, const float* log_variance, const float* noise, size_t lanes, float* raw_action);

}  // namespace nmn::nn
