#include "learner/ppo/unrolled_network.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <span>
#include <utility>

#include "learner/ppo/twin_network.h"

namespace nmn::ppo {
namespace {

// Arrays of a contiguous tensor, as the hand-written loop takes them. An undefined tensor gives an empty view.
View2 View2Of(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  return View2(tensor.data_ptr<float>(), static_cast<size_t>(tensor.size(0)), static_cast<size_t>(tensor.size(1)));
}
View3 View3Of(const at::Tensor& tensor) {
  return View3(tensor.data_ptr<float>(), static_cast<size_t>(tensor.size(0)), static_cast<size_t>(tensor.size(1)),
               static_cast<size_t>(tensor.size(2)));
}
std::span<float> SpanOf(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnrolledNetwork>> UnrolledNetwork::Create(const nn::NetworkSpec& spec,
                                                                         std::shared_ptr<bptt::ThreadPool> pool) {
  absl::StatusOr<std::unique_ptr<bptt::SequenceNetwork>> network = bptt::SequenceNetwork::Create(spec, std::move(pool));
  if (!network.ok()) return network.status();
  return std::unique_ptr<UnrolledNetwork>(new UnrolledNetwork(*std::move(network)));
}

CarriedState UnrolledNetwork::ZeroState(const at::Tensor& parameters, int64_t sequences) const {
  return ZeroStateOf(network_->spec(), parameters, sequences);
}

SequenceOutput UnrolledNetwork::Forward(const at::Tensor& parameters, const Sequences& input,
                                        const CarriedState& start) {
  const nn::NetworkSpec& spec = network_->spec();
  const at::Tensor recurrent_input = input.recurrent_input.contiguous();
  const at::Tensor main_input = input.main_input.contiguous();
  const at::Tensor state = start.state.contiguous();
  const at::Tensor signal = start.signal.defined() ? start.signal.contiguous() : start.signal;
  const bptt::SequenceInput views{View3Of(recurrent_input), View3Of(main_input), View2Of(state), View2Of(signal)};
  const int64_t sequences = recurrent_input.size(2);

  SequenceOutput result;
  result.output = at::empty({recurrent_input.size(0), int64_t{spec.output_size}, sequences}, recurrent_input.options());
  network_->SetParameters(SpanOf(parameters));
  remembered_.reset();
  if (c10::GradMode::is_enabled() && parameters.requires_grad()) {
    network_->Forward(views, View3Of(result.output));
    remembered_ = result.output;
    result.output.set_requires_grad(true);
  } else {
    network_->Evaluate(views, View3Of(result.output), {});
  }
  result.end = ZeroState(parameters.detach(), sequences);
  network_->CopyEnd(View2Of(result.end.state), View2Of(result.end.signal));
  return result;
}

void UnrolledNetwork::Backward(const at::Tensor& parameters, const SequenceOutput& pass) {
  TORCH_CHECK(remembered_.is_same(pass.output), "backward through a pass that a later one has overwritten");
  remembered_.reset();
  const at::Tensor gradient = at::zeros_like(parameters.detach());  // no loop writes that of a statistic
  network_->Backward(View3Of(pass.output.grad().contiguous()), SpanOf(gradient));
  at::Tensor& sum = parameters.mutable_grad();
  if (sum.defined()) {
    sum.add_(gradient);
  } else {
    sum = gradient;
  }
}

}  // namespace nmn::ppo
