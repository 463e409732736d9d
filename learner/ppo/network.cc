#include "learner/ppo/network.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

#include "learner/ppo/transfer.h"

namespace nmn::ppo {
namespace {

// Added to the norm by torch's clip_grad_norm_, against division by zero.
constexpr double kNormFloor = 1e-6;

// Segments in one forward and backward pass on the CPU: the reference's full batch on b1, and activations of b2 and b3
// stay below 300 MB. A GPU needs width more than it lacks memory.
constexpr int64_t kGroupOnCpu = 100;
constexpr int64_t kGroupOnGpu = 1000;

}  // namespace

AdamState AdamState::Like(const at::Tensor& parameters) {
  const at::Tensor detached = parameters.detach();
  return {at::zeros_like(detached), at::zeros_like(detached), 0};
}

AdamState AdamState::Clone() const { return {first_moment.clone(), second_moment.clone(), steps}; }

void AdamStep(const v1::AdamOptions& options, const at::Tensor& factors, const at::Tensor& gradient,
              const at::Tensor& parameters, AdamState& state) {
  const c10::NoGradGuard no_grad;
  ++state.steps;
  state.first_moment.mul_(options.beta1()).add_(gradient, 1.0 - options.beta1());
  state.second_moment.mul_(options.beta2()).addcmul_(gradient, gradient, 1.0 - options.beta2());
  const at::Tensor scale = (state.second_moment.sqrt() / factors[0]).add_(options.epsilon());
  at::Tensor(parameters).add_((state.first_moment * factors[1]).div_(scale));
}

at::Tensor ClipGradientNorm(const at::Tensor& gradient, double limit) {
  const c10::NoGradGuard no_grad;
  at::Tensor norm = gradient.to(at::kDouble).norm();
  if (limit > 0) {
    const at::Tensor scale = at::full_like(norm, limit).div_(norm + kNormFloor);
    at::Tensor(gradient).mul_(at::where(scale < 1.0, scale, at::ones_like(scale)));  // 1 where the norm is NaN
  }
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

bool LearnedNetwork::IsFinite() const { return ReadScalars({at::isfinite(parameters.detach()).all()})[0] != 0; }

at::Tensor ParameterLeaf(std::span<const float> values, at::Device device) {
  const at::Tensor host = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), host.data_ptr<float>());
  return ToDevice(host, device).set_requires_grad(true);
}

StepResult DescendOnce(LearnedNetwork& network, const SegmentBatch& segments, const PlannedStep& step,
                       const StepOptions& options, const LossOf& loss_of) {
  const int64_t group = network.parameters.device().is_cpu() ? kGroupOnCpu : kGroupOnGpu;
  const double samples = static_cast<double>(segments.input.recurrent_input.size(0)) * static_cast<double>(step.size());
  network.parameters.mutable_grad().reset();
  StepResult result;
  for (int64_t first = 0; first < step.size(); first += group) {
    const at::Tensor index = step.index.narrow(0, first, std::min(group, step.size() - first));
    const SegmentBatch some = Select(segments, index);
    const SequenceOutput pass = network.model->Forward(network.parameters, some.input, some.start);
    const at::Tensor loss = loss_of(pass.output, index).sum() / samples;
    loss.backward();
    network.model->Backward(network.parameters, pass);
    const at::Tensor of_group = loss.detach().to(at::kDouble);
    result.loss = result.loss.defined() ? result.loss + of_group : of_group;
  }
  const at::Tensor gradient = network.parameters.grad();
  ClearUnlearned(network.spec, gradient);
  result.gradient_norm = ClipGradientNorm(gradient, options.clip_norm);
  AdamStep(options.adam, step.factors, gradient, network.parameters, network.adam);
  return result;
}

void TellStep(const UpdateContext& context, OptimiserStep::Network network, uint32_t epoch, uint32_t minibatch,
              const StepResult& step, const at::Tensor& parameters) {
  if (context.on_step == nullptr) return;
  const std::vector<double> read = ReadScalars({step.loss, step.gradient_norm, parameters.detach().abs().max()});
  context.on_step({network, epoch + 1, minibatch + 1, read[0], read[1], read[2]});
}

}  // namespace nmn::ppo
