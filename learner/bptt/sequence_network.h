#pragma once

#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "common/nn/network_spec.h"
#include "common/tensor/view.h"

namespace nmn::bptt {

class ThreadPool;

// What one pass reads. Arrays are [time, feature, sequence], the sequences contiguous; nn::NetworkSpec says what the
// features are.
struct SequenceInput {
  ConstView3 recurrent_input;  // [T, recurrent_input_size, B]
  ConstView3 main_input;       // [T, main_input_size, B]; empty for an RNN
  ConstView2 start_state;      // [state_size, B], layers one after the other; empty: zeros
  ConstView2 start_signal;     // z_{-1} [signal_size, B], read with signal_lag only; empty: zeros
};

// What Evaluate also writes: the recurrent state and z_{t-1} before each step that is a multiple of `stride`, so where
// segments of `stride` steps begin. Either view may be empty.
struct SegmentStarts {
  size_t stride = 0;
  View3 states;   // [T / stride rounded up, state_size, B]
  View3 signals;  // [T / stride rounded up, signal_size, B]
};

// One role's network, unrolled over T steps of B sequences: forward, and backward through time, by hand, on the CPU.
//
// Output is raw, [T, output_size, B]: for the actor what its policy head takes,
// for the critic the value. No gradient flows into inputs or start state (truncated BPTT).
//
// Sequences are divided into chunks, the same whatever the number of threads, and the chunks' gradients are added in
// order: results do not depend on the number of threads, and a sequence's output does not depend on its neighbours.
// AVX2 and AVX-512 give the same bits (every sum runs in the order of its index, fused multiply-add).
//
// Not thread-safe; calls block. Memory is kept from call to call and grows on demand: about 5 kB a step of a sequence
// for the largest network of docs/specification.md section 2.5, 1.5 kB for b1's.
class SequenceNetwork {
 public:
  // `threads`: at least 1, counting the caller.
  static absl::StatusOr<std::unique_ptr<SequenceNetwork>> Create(const nn::NetworkSpec& spec, int threads);
  // On threads that it shares with others.
  static absl::StatusOr<std::unique_ptr<SequenceNetwork>> Create(const nn::NetworkSpec& spec,
                                                                 std::shared_ptr<ThreadPool> pool);
  virtual ~SequenceNetwork() = default;

  virtual const nn::NetworkSpec& spec() const = 0;

  // Copies and packs spec().parameter_count floats, in network_spec.h's order.
  virtual void SetParameters(std::span<const float> flat) = 0;

  // Keeps what Backward needs, and nothing of `input`.
  virtual void Forward(const SequenceInput& input, View3 output) = 0;

  // Of the last Forward, with the parameters it ran with: d loss / d parameters, given output_gradient [T, output_size,
  // B]. Overwrites flat_gradient (parameter_count). May be called again for the same Forward.
  virtual void Backward(ConstView3 output_gradient, std::span<float> flat_gradient) = 0;

  // Forward only, in little memory however long the sequences; `output` may be empty. Forgets the last Forward.
  virtual void Evaluate(const SequenceInput& input, View3 output, const SegmentStarts& starts) = 0;

  // After the last step of the last Forward or Evaluate; each view may be empty.
  virtual void CopyEnd(View2 state, View2 signal) const = 0;
};

}  // namespace nmn::bptt
