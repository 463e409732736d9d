#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <utility>

#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// One recurrent layer of `units` over whole sequences in LibTorch's operators, with gradients: the learner's side of
// nn::RecurrentCell, whose tensors it takes in that order. input [time, sequence, i], start [sequence, state] -> h
// [time, sequence, unit], and the state after the last step [sequence, state].
std::pair<at::Tensor, at::Tensor> RunCell(v1::Cell cell, std::span<const at::Tensor> tensors, int64_t units,
                                          const at::Tensor& input, const at::Tensor& start);

}  // namespace nmn::ppo
