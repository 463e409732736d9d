#include "learner/ppo/network.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace nmn::ppo {
namespace {

// Added to the norm by torch's clip_grad_norm_, against division by zero.
constexpr double kNormFloor = 1e-6;

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

AdamState AdamState::Like(const at::Tensor& parameters) {
  const at::Tensor detached = parameters.detach();
  return {at::zeros_like(detached), at::zeros_like(detached), 0};
}

AdamState AdamState::Clone() const { return {first_moment.clone(), second_moment.clone(), steps}; }

void AdamStep(const v1::AdamOptions& options, double rate, const at::Tensor& gradient, const at::Tensor& parameters,
              AdamState& state) {
  const c10::NoGradGuard no_grad;
  ++state.steps;
  state.first_moment.mul_(options.beta1()).add_(gradient, 1.0 - options.beta1());
  state.second_moment.mul_(options.beta2()).addcmul_(gradient, gradient, 1.0 - options.beta2());
  const double first_correction = 1.0 - std::pow(options.beta1(), static_cast<double>(state.steps));
  const double second_correction = 1.0 - std::pow(options.beta2(), static_cast<double>(state.steps));
  const at::Tensor scale = (state.second_moment.sqrt() / std::sqrt(second_correction)).add_(options.epsilon());
  at::Tensor(parameters).addcdiv_(state.first_moment, scale, -rate / first_correction);
}

double ClipGradientNorm(const at::Tensor& gradient, double limit) {
  const c10::NoGradGuard no_grad;
  const double norm = gradient.to(at::kDouble).norm().item<double>();
  const double scale = limit / (norm + kNormFloor);
  if (limit > 0 && scale < 1.0) at::Tensor(gradient).mul_(scale);
  return norm;
}

void ClearUnlearned(const nn::NetworkSpec& spec, const at::Tensor& gradient) {
  for (const nn::TensorSpec& tensor : spec.tensors) {
    if (tensor.is_learned) continue;
    gradient.narrow(0, static_cast<int64_t>(tensor.offset), static_cast<int64_t>(tensor.size)).zero_();
  }
}

LearnedNetwork::Snapshot LearnedNetwork::Take() const { return {parameters.detach().clone(), adam.Clone()}; }

void LearnedNetwork::Return(Snapshot&& snapshot) {
  parameters = std::move(snapshot.parameters).set_requires_grad(true);
  adam = std::move(snapshot.adam);
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
  ClearUnlearned(network.spec, gradient);
  result.gradient_norm = ClipGradientNorm(gradient, options.clip_norm);
  AdamStep(options.adam, options.rate, gradient, network.parameters, network.adam);
  return result;
}

void TellStep(const UpdateContext& context, OptimiserStep::Network network, uint32_t epoch, uint32_t minibatch,
              const StepResult& step, const at::Tensor& parameters) {
  if (context.on_step == nullptr) return;
  context.on_step({network, epoch + 1, minibatch + 1, step.loss, step.gradient_norm,
                   parameters.detach().abs().max().item<float>()});
}

}  // namespace nmn::ppo
