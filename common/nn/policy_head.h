#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/rng/philox.h"
#include "common/tensor/view.h"
#include "nmn/v1/learner.pb.h"
#include "nmn/v1/run_config.pb.h"
#include "nmn/v1/task.pb.h"

namespace nmn::nn {

// Parameters of a policy that a step records together, e.g. the means.
struct ParameterField {
  v1::Field id;        // in a step's record
  uint32_t width;      // numbers
  uint32_t first_row;  // among the head's parameters

  bool operator==(const ParameterField&) const = default;
};

// Draws the actions of a batch, one step after the other from step 0 on. Preallocated, not thread-safe.
class ActionSampler {
 public:
  virtual ~ActionSampler() = default;
  // Both: parameters [parameter_count, lane], raw_action [action_width, lane] out. False where any action is not
  // finite.
  //
  // A sample of each lane: lane i of episode first.episode + i, whose randomness is that of `first` but for the
  // episode.
  virtual bool Sample(const rng::StreamPosition& first, ConstView2 parameters, View2 raw_action) = 0;
  // The action that the policy holds for best, without noise.
  virtual bool Choose(ConstView2 parameters, View2 raw_action) = 0;
};

// What an actor network's last layer means: a distribution over actions for each lane. The actor's form, over arrays
// [.., lane]; learner/ppo/policy_head.h has the learner's, and a test holds them together. Immutable; thread-safe.
class PolicyHead {
 public:
  virtual ~PolicyHead() = default;

  virtual uint32_t parameter_count() const = 0;  // outputs of the network's last layer
  virtual uint32_t action_width() const = 0;     // numbers of an action as it is recorded
  // For each of them how many choices there are, where it is the index of one; else empty.
  virtual std::span<const uint32_t> choices() const { return {}; }
  // In the order in which a step records them.
  virtual std::span<const ParameterField> fields() const = 0;

  // The last layer's raw outputs become parameters, in place [parameter_count, lane]. NaN stays NaN.
  virtual void Finish(View2 parameters) const = 0;

  // The parameters of the same policy at another temperature above 0, in place: a Gaussian's standard deviation is
  // multiplied by it, and a choice of probability p gets p to the power of 1 / temperature, normalised.
  virtual void Temper(View2 parameters, float temperature) const = 0;

  virtual std::unique_ptr<ActionSampler> MakeSampler(size_t max_lanes) const = 0;

  // One number a lane, out [lane]. Of parameters [parameter_count, lane] and raw actions [action_width, lane].
  virtual void LogProbability(ConstView2 parameters, ConstView2 raw_action, float* out) const = 0;
  virtual void Entropy(ConstView2 parameters, float* out) const = 0;
  virtual void KlDivergence(ConstView2 from, ConstView2 to, float* out) const = 0;
};

// The head of networks with these options whose actions are of this space.
std::shared_ptr<const PolicyHead> MakePolicyHead(const v1::ActionSpace& space, const v1::NetworkOptions& options);

}  // namespace nmn::nn
