#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "learner/ppo/policy_head.h"

namespace nmn::ppo {

// Actions of one or more independent choices, as nn::CategoricalHead: parameters are the logits [time, sum of choices,
// sequence], an action is the index of each component's choice.
class CategoricalHead final : public PolicyHead {
 public:
  explicit CategoricalHead(const std::vector<uint32_t>& choices) : choices_(choices.begin(), choices.end()) {}

  Parameters Finish(const at::Tensor& output) const override { return {output}; }
  at::Tensor LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const override;
  at::Tensor Entropy(const Parameters& parameters) const override;  // sum over choices of -p log p
  at::Tensor KlDivergence(const Parameters& from, const Parameters& to) const override;
  double MeanDeviation(const Parameters& parameters) const override;  // NaN

 private:
  // Of each component, [time, choice, sequence].
  std::vector<at::Tensor> LogProbabilities(const Parameters& parameters) const;

  const std::vector<int64_t> choices_;
};

}  // namespace nmn::ppo
