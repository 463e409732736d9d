#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "common/nn/network_spec.h"
#include "common/rng/philox.h"
#include "common/tensor/view.h"
#include "common/trajectory/batch.h"
#include "learner/ppo/transfer.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What a network reads of many sequences of equal length (nn::NetworkSpec says what the features are).
struct Sequences {
  at::Tensor recurrent_input;  // [time, recurrent_input_size, sequence]
  at::Tensor main_input;       // [time, main_input_size, sequence]; an RNN's has no feature

  Sequences To(at::Device device) const { return {ToDevice(recurrent_input, device), ToDevice(main_input, device)}; }
};

// What a network carries from one step to the next.
struct CarriedState {
  at::Tensor state;   // recurrent states, layers one after the other [state_size, sequence]
  at::Tensor signal;  // z of the step before [signal_size, sequence]; undefined without signal_lag
};

struct SequenceOutput {
  at::Tensor output;  // raw, [time, output_size, sequence]
  CarriedState end;   // after the last step; no gradient flows into it
};

// A network as a function of its flat parameters (network_spec.h order) and whole sequences. Type and device are those
// of `parameters`; inputs and start get no gradient. To learn:
//
//   pass = Forward(parameters, ..) -> loss_of(pass.output).backward() -> Backward(parameters, pass)
class SequenceModel {
 public:
  virtual ~SequenceModel() = default;
  virtual SequenceOutput Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) = 0;
  // What autograd did not do: adds d loss / d parameters to parameters.grad(), given pass.output.grad(). Nothing for a
  // model whose output autograd connects to `parameters`; elsewhere the output is a leaf. `pass` is of the last
  // Forward.
  virtual void Backward(const at::Tensor& /*parameters*/, const SequenceOutput& /*pass*/) {}

  // The state before the first step of an episode: zeros, like `parameters` in type and device.
  virtual CarriedState ZeroState(const at::Tensor& parameters, int64_t sequences) const = 0;
};

// Truncated back-propagation through time: episodes of T' steps cut into segments of S steps. Segment s of episode e is
// sequence s * episodes + e.

// [T', .., episode] -> [S, .., segment]; two or three axes. S divides T'.
at::Tensor CutIntoSegments(const at::Tensor& whole, int64_t segment_steps);
Sequences CutIntoSegments(const Sequences& whole, int64_t segment_steps);

// A forward pass over whole episodes from the zero state, without gradient, in pieces of S steps (a last, shorter piece
// is fine).
struct EpisodePass {
  at::Tensor output;    // raw, [T, output_size, episode]
  CarriedState starts;  // what the network carried into each piece, [.., segment]
};
EpisodePass RunEpisodes(SequenceModel& model, const at::Tensor& parameters, const Sequences& episodes,
                        int64_t segment_steps);

// The starts of that pass alone: where an episode is one segment, they are zero and nothing is run.
CarriedState SegmentStarts(SequenceModel& model, const at::Tensor& parameters, const Sequences& episodes,
                           int64_t segment_steps);

// Segments with their start states, which stay as they are for all epochs of an update.
struct SegmentBatch {
  Sequences input;
  CarriedState start;
};
// The segments that `index` lists, in its order.
SegmentBatch Select(const SegmentBatch& all, const at::Tensor& index);

// A copy, float32 on the CPU, contiguous.
at::Tensor ToTensor(ConstView2 view);
at::Tensor ToTensor(ConstView3 view);
// A field of the record, [time, episode], or [time, width, episode] where it has more numbers than one.
at::Tensor ToTensor(const trajectory::TrajectoryBatch& batch, v1::Field field);

// What both networks read of whole episodes (docs/specification.md sections 1 and 2.5), raw, on the CPU:
//   NMN: recurrent (a_{t-1}, r_{t-1}, e_{t-1}, x_{t-1}), zero at t = 0; main x_t
//   RNN: recurrent (x_t, a_{t-1}, r_{t-1}, e_{t-1}), a, r and e zero at t = 0; main without features
// Actions with choices are read as one-hots, and so is e, how a step left its trial, in tasks with trials. `spec` is of
// either network.
Sequences EpisodeInputs(const nn::NetworkSpec& spec, const trajectory::TrajectoryBatch& batch);

// What they would read after each step, had it shown the final observation of its trial: [time, .., episode], where
// step t reads what step t + 1 of the above does, but for x. Of a record that has final observations.
Sequences FinalInputs(const nn::NetworkSpec& spec, const trajectory::TrajectoryBatch& batch);

// The first `steps` steps.
Sequences FirstSteps(const Sequences& episodes, int64_t steps);

// A permutation of 0 .. count - 1 by Fisher and Yates, a pure function of (seed, purpose, update, epoch): no library's
// shuffle, so the order is the same everywhere. Position `i` is drawn from the block {step i / 4, word i % 4} of stream
// {update, episode = epoch}.
std::vector<int64_t> ShuffledIndices(int64_t count, uint64_t seed, rng::Purpose purpose, uint32_t update,
                                     uint32_t epoch);

// The order of one epoch cut into minibatches, the last one as small as it comes. `size` 0: one minibatch of all, in
// order.
std::vector<std::vector<int64_t>> Minibatches(int64_t count, uint32_t size, uint64_t seed, rng::Purpose purpose,
                                              uint32_t update, uint32_t epoch);

}  // namespace nmn::ppo
