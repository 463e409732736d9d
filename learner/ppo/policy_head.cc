#include "learner/ppo/policy_head.h"

#include "common/nn/action_space.h"
#include "learner/ppo/categorical.h"
#include "learner/ppo/gaussian.h"

namespace nmn::ppo {

std::shared_ptr<const PolicyHead> MakePolicyHead(const v1::ActionSpace& space, const v1::NetworkOptions& options) {
  const nn::ActionCoding coding(space);
  if (!coding.choices().empty()) return std::make_shared<CategoricalHead>(coding.choices());
  return std::make_shared<GaussianHead>(options, coding.recorded_width());
}

Policy PolicyOf(const at::Tensor& output, const nn::NetworkSpec& actor) {
  std::shared_ptr<const PolicyHead> head = MakePolicyHead(actor.action, actor.options);
  PolicyHead::Parameters parameters = head->Finish(output);
  return {std::move(head), std::move(parameters)};
}

at::Tensor LogProbability(const Policy& policy, const at::Tensor& raw_action) {
  return policy.head->LogProbability(policy.parameters, raw_action);
}

at::Tensor KlDivergence(const Policy& from, const Policy& to) {
  return to.head->KlDivergence(from.parameters, to.parameters);
}

at::Tensor Entropy(const Policy& policy) { return policy.head->Entropy(policy.parameters); }

double MeanDeviation(const Policy& policy) { return policy.head->MeanDeviation(policy.parameters); }

}  // namespace nmn::ppo
