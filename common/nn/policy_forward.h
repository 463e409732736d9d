#pragma once

#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "common/nn/network_spec.h"
#include "common/tensor/view.h"

namespace nmn::nn {

// What a network reads at step t. What came of the step before is zeros at t = 0.
struct StepInput {
  ConstView2 observation;              // [observation_size, lane]  x_t
  ConstView2 previous_action;          // [action_size, lane]       a_{t-1} as the network reads it (ActionCoding::Read)
  const float* previous_reward;        // [lane]                    r_{t-1} raw
  ConstView2 previous_observation;     // [observation_size, lane]  x_{t-1}; some RNNs do not read it
  ConstView2 previous_trial_end = {};  // [trial_end_inputs, lane]  how the step before left its trial, as one-hots
};

// One step of a network for a whole batch of episodes, without LibTorch. Layout [feature, lane] throughout; a lane's
// result does not depend on its neighbours or on the number of lanes. AVX2 and AVX-512 give the same bits (each sum
// runs in input order, fused multiply-add); SSE2 rounds otherwise. Preallocated for max_lanes: no allocation after
// SetParameters. Not thread-safe. The calling thread holds a ScopedFlushDenormals (denormals.h).
class PolicyForward {
 public:
  static absl::StatusOr<std::unique_ptr<PolicyForward>> Create(const NetworkSpec& spec, size_t max_lanes);
  virtual ~PolicyForward() = default;

  virtual const NetworkSpec& spec() const = 0;

  // Copies and packs the flat parameter vector (spec().parameter_count floats, in spec().tensors order).
  virtual void SetParameters(std::span<const float> parameters) = 0;

  // Of an actor: another head of the same space, e.g. with other bounds. spec() has it from then on.
  virtual void SetHead(std::shared_ptr<const PolicyHead> head) = 0;

  // State (and lagged z) of lanes [0, lanes) to zero; `lanes` at most max_lanes.
  virtual void Reset(size_t lanes) = 0;

  // One step. output [output_size, lane] out: an actor's are the parameters of its policy head, a critic's the value.
  virtual void Step(const StepInput& input, View2 output) = 0;

  // z of the last step, [signal_size, lane]; no rows for an RNN. A copy, valid until the next call of signal() or
  // state().
  virtual ConstView2 signal() const = 0;
  // Recurrent states after the last step, [state_size, lane], layers one after the other. A copy, likewise.
  virtual ConstView2 state() const = 0;
};

// The Highway target chosen at run time, e.g. "AVX3_ZEN4", and the rounding class it belongs to: "fma" or "sse2".
const char* SimdTarget();
const char* RoundingClass();

}  // namespace nmn::nn
