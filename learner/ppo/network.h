#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "common/nn/network_spec.h"
#include "learner/ppo/planned_steps.h"
#include "learner/ppo/sequences.h"
#include "learner/ppo/update_context.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// The optimiser's memory of one network. Assigning shares storage; Clone does not.
struct AdamState {
  at::Tensor first_moment;   // [parameter]
  at::Tensor second_moment;  // [parameter]
  uint64_t steps = 0;

  static AdamState Like(const at::Tensor& parameters);  // zeros, same device and type
  AdamState Clone() const;
};

// One step of Adam (Kingma & Ba 2015) on a flat parameter vector, in place, with PyTorch's arithmetic: both bias
// corrections, epsilon added after the square root. `factors` is the step's row of AdamFactors, on the device of the
// others. parameters and gradient are [parameter].
void AdamStep(const v1::AdamOptions& options, const at::Tensor& factors, const at::Tensor& gradient,
              const at::Tensor& parameters, AdamState& state);

// Scales the gradient in place so that its 2-norm is at most `limit` (0: leaves it), as torch's clip_grad_norm_ does.
// Returns the norm before, one float64 on its device.
at::Tensor ClipGradientNorm(const at::Tensor& gradient, double limit);

// Sets a gradient, [parameter], to zero where a tensor is not learned: neither the norm nor Adam sees it.
void ClearUnlearned(const nn::NetworkSpec& spec, const at::Tensor& gradient);

// A network that is being trained: what it is, what computes it, its parameters and its optimiser.
struct LearnedNetwork {
  nn::NetworkSpec spec;
  std::unique_ptr<SequenceModel> model;
  at::Tensor parameters;  // flat [parameter], a leaf of autograd
  AdamState adam;

  // A copy of parameters and optimiser, and the way back, bit for bit.
  struct Snapshot {
    at::Tensor parameters;
    AdamState adam;
  };
  Snapshot Take() const;
  // Takes no memory: it is called where that ran out.
  void Return(Snapshot&& snapshot);
  bool IsFinite() const;
};

// A leaf of autograd with these values.
at::Tensor ParameterLeaf(std::span<const float> values, at::Device device);

struct StepOptions {
  v1::AdamOptions adam;
  double clip_norm = 0;  // 0: off
};
// One float64 each, on the device: reading them waits for it (transfer.h).
struct StepResult {
  at::Tensor loss;           // mean over the minibatch's samples, before the step
  at::Tensor gradient_norm;  // before clipping
};

// One Adam step on the mean loss of a minibatch of segments. `loss_of` maps the raw output [time, output_size, segment]
// for the segments of `index` to one loss a sample [time, segment]. Gradients are summed over groups of segments in
// order, so that memory is bounded. Reads nothing of the device.
using LossOf = std::function<at::Tensor(const at::Tensor& output, const at::Tensor& index)>;
StepResult DescendOnce(LearnedNetwork& network, const SegmentBatch& segments, const PlannedStep& step,
                       const StepOptions& options, const LossOf& loss_of);

// To context.on_step, where somebody listens: that reads the device at every step. `epoch` and `minibatch` count from
// 0.
void TellStep(const UpdateContext& context, OptimiserStep::Network network, uint32_t epoch, uint32_t minibatch,
              const StepResult& step, const at::Tensor& parameters);

}  // namespace nmn::ppo
