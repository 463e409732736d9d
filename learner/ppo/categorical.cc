#include "learner/ppo/categorical.h"

#include <ATen/ATen.h>

#include <limits>

namespace nmn::ppo {

std::vector<at::Tensor> CategoricalHead::LogProbabilities(const Parameters& parameters) const {
  std::vector<at::Tensor> components = parameters[0].split_with_sizes(choices_, 1);
  for (at::Tensor& component : components) component = at::log_softmax(component, 1);
  return components;
}

at::Tensor CategoricalHead::LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const {
  const at::Tensor index = (raw_action.dim() == 3 ? raw_action : raw_action.unsqueeze(1)).to(at::kLong);
  at::Tensor sum;
  int64_t i = 0;
  for (const at::Tensor& log_p : LogProbabilities(parameters)) {
    const at::Tensor chosen = log_p.gather(1, index.narrow(1, i++, 1)).squeeze(1);
    sum = sum.defined() ? sum + chosen : chosen;
  }
  return sum;
}

at::Tensor CategoricalHead::Entropy(const Parameters& parameters) const {
  at::Tensor sum;
  for (const at::Tensor& log_p : LogProbabilities(parameters)) {
    const at::Tensor entropy = -(log_p.exp() * log_p).sum(1);
    sum = sum.defined() ? sum + entropy : entropy;
  }
  return sum;
}

at::Tensor CategoricalHead::KlDivergence(const Parameters& from, const Parameters& to) const {
  const std::vector<at::Tensor> log_p = LogProbabilities(from), log_q = LogProbabilities(to);
  at::Tensor sum;
  for (size_t i = 0; i < log_p.size(); ++i) {
    const at::Tensor kl = (log_p[i].exp() * (log_p[i] - log_q[i])).sum(1);
    sum = sum.defined() ? sum + kl : kl;
  }
  return sum;
}

double CategoricalHead::MeanDeviation(const Parameters& /*parameters*/) const {
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace nmn::ppo
