#pragma once

#include <array>
#include <vector>

#include "common/nn/policy_head.h"

namespace nmn::nn {

// An action of one or more independent choices. Each choice has one output of the network, its logit: component i takes
// choices[i] rows, one component after the other, and a choice has the probability exp(logit) / sum of exp(logits) of
// its component. An action is recorded as the index of the choice of each component, as a float32.
class CategoricalHead final : public PolicyHead {
 public:
  explicit CategoricalHead(std::vector<uint32_t> choices);

  uint32_t parameter_count() const override { return fields_[0].width; }
  uint32_t action_width() const override { return static_cast<uint32_t>(choices_.size()); }
  std::span<const uint32_t> choices() const override { return choices_; }
  std::span<const ParameterField> fields() const override { return fields_; }
  void Finish(View2 /*parameters*/) const override {}
  void Temper(View2 parameters, float temperature) const override;
  // Inversion: the first choice whose cumulated probability is above the step's uniform number, element step % 4 of the
  // block of Purpose::kActionChoice, step / 4 and, for component i, draw i. Choose takes the most probable choice, of
  // equal ones the first. False where a logit is not finite.
  std::unique_ptr<ActionSampler> MakeSampler(size_t max_lanes) const override;
  void LogProbability(ConstView2 parameters, ConstView2 raw_action, float* out) const override;
  void Entropy(ConstView2 parameters, float* out) const override;
  void KlDivergence(ConstView2 from, ConstView2 to, float* out) const override;

 private:
  const std::vector<uint32_t> choices_;
  const std::array<ParameterField, 1> fields_;
};

}  // namespace nmn::nn
