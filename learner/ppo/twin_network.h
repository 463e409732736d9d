#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "common/nn/network_spec.h"
#include "learner/ppo/sequences.h"

namespace nmn::ppo {

// The zero state of any network of `spec`.
CarriedState ZeroStateOf(const nn::NetworkSpec& spec, const at::Tensor& parameters, int64_t sequences);

// docs/specification.md section 2 in LibTorch's operators, for any floating type and device: the reference of the
// hand-written loop on the CPU, and what trains on a GPU. The recurrent layers are at::gru (cuDNN there) with b_hh and
// the candidate's part of b_ih held at zero.
class TwinNetwork : public SequenceModel {
 public:
  explicit TwinNetwork(nn::NetworkSpec spec);

  SequenceOutput Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) override;
  CarriedState ZeroState(const at::Tensor& parameters, int64_t sequences) const override;

 private:
  nn::NetworkSpec spec_;
  std::vector<int64_t> sizes_;  // of the tensors, to cut the flat vector
};

}  // namespace nmn::ppo
