#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "common/nn/network_spec.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What an actor network's last layer means, the learner's form: the same equations as common/nn/policy_head.h over
// tensors, with gradients. A test holds the two together. Immutable; thread-safe.
//
// `parameters` holds one tensor for each field of nn::PolicyHead::fields(), in its order: [time, sequence], or [time,
// width, sequence] where the field has more numbers than one; actions likewise. Results are one number a sample, [time,
// sequence].
class PolicyHead {
 public:
  using Parameters = std::vector<at::Tensor>;

  virtual ~PolicyHead() = default;
  // Of the network's raw output, [time, output_size, sequence].
  virtual Parameters Finish(const at::Tensor& output) const = 0;
  virtual at::Tensor LogProbability(const Parameters& parameters, const at::Tensor& raw_action) const = 0;
  virtual at::Tensor Entropy(const Parameters& parameters) const = 0;
  virtual at::Tensor KlDivergence(const Parameters& from, const Parameters& to) const = 0;
  // Mean over samples of the standard deviation of an action; NaN where the actions are no numbers.
  virtual double MeanDeviation(const Parameters& parameters) const = 0;
};

// The head of networks with these options whose actions are of this space.
std::shared_ptr<const PolicyHead> MakePolicyHead(const v1::ActionSpace& space, const v1::NetworkOptions& options);

// The distribution over actions at many samples.
struct Policy {
  std::shared_ptr<const PolicyHead> head;  // null: there is none
  PolicyHead::Parameters parameters;

  bool defined() const { return head != nullptr; }
  // The same with of(tensor) for each tensor.
  template <typename Function>
  Policy Map(Function of) const {
    Policy result{head, {}};
    for (const at::Tensor& tensor : parameters) result.parameters.push_back(of(tensor));
    return result;
  }
};

// The policy of an actor network's raw output.
Policy PolicyOf(const at::Tensor& output, const nn::NetworkSpec& actor);

// Of each sample.
at::Tensor LogProbability(const Policy& policy, const at::Tensor& raw_action);
at::Tensor KlDivergence(const Policy& from, const Policy& to);
at::Tensor Entropy(const Policy& policy);
// Over all samples, as PolicyHead::MeanDeviation.
double MeanDeviation(const Policy& policy);

}  // namespace nmn::ppo
