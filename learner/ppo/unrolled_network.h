#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/nn/network_spec.h"
#include "learner/bptt/sequence_network.h"
#include "learner/ppo/sequences.h"

namespace nmn::ppo {

// The hand-written loop of learner/bptt: float32 on the CPU. It remembers one pass: that pass must go backward, or be
// dropped, before the next one begins; LibTorch's exception says so where it is not.
class UnrolledNetwork : public SequenceModel {
 public:
  // The pool's threads do not change results.
  static absl::StatusOr<std::unique_ptr<UnrolledNetwork>> Create(const nn::NetworkSpec& spec,
                                                                 std::shared_ptr<bptt::ThreadPool> pool);

  SequenceOutput Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) override;
  void Backward(const at::Tensor& parameters, const SequenceOutput& pass) override;
  CarriedState ZeroState(const at::Tensor& parameters, int64_t sequences) const override;

 private:
  explicit UnrolledNetwork(std::unique_ptr<bptt::SequenceNetwork> network) : network_(std::move(network)) {}

  std::unique_ptr<bptt::SequenceNetwork> network_;
  at::Tensor remembered_;  // output of the pass that can go backward; undefined where none can
};

}  // namespace nmn::ppo
