#include "learner/ppo/learned_network.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace nmn::ppo {
namespace {

// Segments in one forward and backward pass on the CPU: the reference's full batch on b1, and activations of b2 and b3
// stay below 300 MB. A GPU needs width more than it lacks memory.
constexpr size_t kGroupOnCpu = 100;
constexpr size_t kGroupOnGpu = 1000;

at::Tensor IndexTensor(std::span<const int64_t> index, at::Device device) {
  const at::Tensor tensor = at::empty({static_cast<int64_t>(index.size())}, at::kLong);
  std::copy(index.begin(), index.end(), tensor.data_ptr<int64_t>());
  return tensor.to(device);
}

}  // namespace

LearnedNetwork::Snapshot LearnedNetwork::Take() const { return {parameters.detach().clone(), adam.Clone()}; }

void LearnedNetwork::Return(const Snapshot& snapshot) {
  parameters = snapshot.parameters.detach().clone().set_requires_grad(true);
  adam = snapshot.adam.Clone();
}

bool LearnedNetwork::IsFinite() const { return at::isfinite(parameters.detach()).all().item<bool>(); }

at::Tensor ParameterLeaf(std::span<const float> values, at::Device device) {
  const at::Tensor host = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), host.data_ptr<float>());
  return host.to(device).set_requires_grad(true);
}

StepResult DescendOnce(LearnedNetwork& network, const SegmentBatch& segments, std::span<const int64_t> minibatch,
                       const StepOptions& options, const LossOf& loss_of) {
  const at::Device device = network.parameters.device();
  const size_t group = device.is_cpu() ? kGroupOnCpu : kGroupOnGpu;
  const double samples =
      static_cast<double>(segments.input.recurrent_input.size(0)) * static_cast<double>(minibatch.size());
  network.parameters.mutable_grad().reset();
  StepResult result;
  for (size_t first = 0; first < minibatch.size(); first += group) {
    const at::Tensor index = IndexTensor(minibatch.subspan(first, std::min(group, minibatch.size() - first)), device);
    const SegmentBatch some = Select(segments, index);
    const SequenceOutput pass = network.model->Forward(network.parameters, some.input, some.start);
    const at::Tensor loss = loss_of(pass.output, index).sum() / samples;
    loss.backward();
    network.model->Backward(network.parameters, pass);
    result.loss += loss.item<double>();
  }
  const at::Tensor gradient = network.parameters.grad();
  result.gradient_norm = ClipGradientNorm(gradient, options.clip_norm);
  AdamStep(options.adam, options.rate, gradient, network.parameters, network.adam);
  return result;
}

}  // namespace nmn::ppo
