#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/nn/network_spec.h"
#include "learner/bptt/sequence_network.h"
#include "learner/ppo/sequence_model.h"

namespace nmn::ppo {

// The hand-written loop of learner/bptt as one function of autograd: float32 on the CPU. A pass under autograd must go
// backward, or be dropped, before the next one begins; LibTorch's exception says so where it is not.
class UnrolledNetwork : public SequenceModel {
 public:
  // The pool's threads reach no result.
  static absl::StatusOr<std::unique_ptr<UnrolledNetwork>> Create(const nn::NetworkSpec& spec,
                                                                 std::shared_ptr<bptt::ThreadPool> pool);

  SequenceOutput Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) override;
  CarriedState ZeroState(const at::Tensor& parameters, int64_t sequences) const override;

  // What autograd calls.
  void RunForward(const at::Tensor& parameters, const bptt::SequenceInput& input, const at::Tensor& output);
  void RunBackward(int64_t pass, const at::Tensor& output_gradient, const at::Tensor& gradient);
  int64_t pass() const { return pass_; }

 private:
  explicit UnrolledNetwork(std::unique_ptr<bptt::SequenceNetwork> network) : network_(std::move(network)) {}

  std::unique_ptr<bptt::SequenceNetwork> network_;
  int64_t pass_ = 0;  // counts what the network has run, to tell whether it still remembers a pass
};

}  // namespace nmn::ppo
