#include "learner/ppo/unrolled_network.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

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

// d loss / d parameters through the whole unrolled network.
class Unroll : public torch::autograd::Function<Unroll> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& parameters,
                            UnrolledNetwork* network, const bptt::SequenceInput& input, const at::Tensor& output) {
    network->RunForward(parameters, input, output);
    context->saved_data["network"] = reinterpret_cast<int64_t>(network);
    context->saved_data["pass"] = network->pass();
    context->saved_data["parameter_count"] = parameters.numel();
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list output_gradients) {
    auto* network = reinterpret_cast<UnrolledNetwork*>(context->saved_data["network"].toInt());
    const at::Tensor gradient = at::empty({context->saved_data["parameter_count"].toInt()}, at::kFloat);
    network->RunBackward(context->saved_data["pass"].toInt(), output_gradients[0].contiguous(), gradient);
    return {gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

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

void UnrolledNetwork::RunForward(const at::Tensor& parameters, const bptt::SequenceInput& input,
                                 const at::Tensor& output) {
  ++pass_;
  network_->SetParameters(SpanOf(parameters));
  network_->Forward(input, View3Of(output));
}

void UnrolledNetwork::RunBackward(int64_t pass, const at::Tensor& output_gradient, const at::Tensor& gradient) {
  TORCH_CHECK(pass == pass_, "backward through a pass that a later one has overwritten");
  network_->Backward(View3Of(output_gradient), SpanOf(gradient));
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
  const at::Tensor output =
      at::empty({recurrent_input.size(0), int64_t{spec.output_size}, sequences}, recurrent_input.options());
  if (c10::GradMode::is_enabled() && parameters.requires_grad()) {
    result.output = Unroll::apply(parameters, this, views, output);
  } else {
    ++pass_;
    network_->SetParameters(SpanOf(parameters));
    network_->Evaluate(views, View3Of(output), {});
    result.output = output;
  }
  result.end = ZeroState(parameters.detach(), sequences);
  network_->CopyEnd(View2Of(result.end.state), View2Of(result.end.signal));
  return result;
}

}  // namespace nmn::ppo
