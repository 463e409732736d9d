#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <span>

#include "common/nn/network_spec.h"
#include "learner/ppo/adam.h"
#include "learner/ppo/segments.h"
#include "learner/ppo/sequence_model.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

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
  void Return(const Snapshot& snapshot);
  bool IsFinite() const;
};

// A leaf of autograd with these values.
at::Tensor ParameterLeaf(std::span<const float> values, at::Device device);

struct StepOptions {
  v1::AdamOptions adam;
  double rate = 0;       // learning rate of this step
  double clip_norm = 0;  // 0: off
};
struct StepResult {
  double loss = 0;           // mean over the minibatch's samples, before the step
  double gradient_norm = 0;  // before clipping
};

// One Adam step on the mean loss of a minibatch of segments. `loss_of` maps the raw output [time, output_size, segment]
// for the segments of `index` to one loss a sample [time, segment]. Gradients are summed over groups of segments in
// order, so that memory is bounded.
using LossOf = std::function<at::Tensor(const at::Tensor& output, const at::Tensor& index)>;
StepResult DescendOnce(LearnedNetwork& network, const SegmentBatch& segments, std::span<const int64_t> minibatch,
                       const StepOptions& options, const LossOf& loss_of);

}  // namespace nmn::ppo
