#include <ATen/ATen.h>

#include <memory>

#include "cli/bench/twin.h"
#include "learner/ppo/network.h"
#include "learner/ppo/torch_runtime.h"
#include "learner/ppo/twin_network.h"

namespace nmn::cli::bench {
namespace {

at::Tensor Copy(ConstView3 view) {
  const std::vector<int64_t> shape = {static_cast<int64_t>(view.planes), static_cast<int64_t>(view.rows),
                                      static_cast<int64_t>(view.columns)};
  return at::from_blob(const_cast<float*>(view.data), shape, at::kFloat).clone();
}

}  // namespace

absl::StatusOr<Pass> MakeTwinBackward(const nn::NetworkSpec& spec, std::span<const float> parameters,
                                      const bptt::SequenceInput& input, ConstView3 output_gradient) {
  return ppo::Guarded([&]() -> absl::StatusOr<Pass> {
    const auto network = std::make_shared<ppo::TwinNetwork>(spec);
    const at::Tensor leaf = ppo::ParameterLeaf(parameters, at::kCPU);
    const ppo::Sequences sequences{Copy(input.recurrent_input), Copy(input.main_input)};
    const ppo::CarriedState start = network->ZeroState(leaf.detach(), sequences.main_input.size(2));
    const at::Tensor gradient = Copy(output_gradient);
    return Pass([=] {
      return ppo::Guarded([&] {
        leaf.mutable_grad().reset();
        network->Forward(leaf, sequences, start).output.backward(gradient);
        return leaf.grad().defined() ? absl::OkStatus() : absl::InternalError("the twin's pass left no gradient");
      });
    });
  });
}

}  // namespace nmn::cli::bench
