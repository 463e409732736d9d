#pragma once

#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "cli/bench/timing.h"
#include "common/nn/policy_forward.h"
#include "learner/bptt/sequence_network.h"

namespace nmn::cli::bench {

// LibTorch's ways of doing what our loops do, as a careful user of LibTorch would write them: what ours are compared
// with. LibTorch's headers stay in twin_forward.cc and twin_backward.cc.

// One thread in LibTorch and its BLAS, for the whole process.
void PinTwins();

// One step at a time: parameters laid out once, gru_cell, inference mode. INVALID_ARGUMENT for a network that is not an
// NMN with formula `reference` and without lag. A LibTorch error inside Step ends the process.
absl::StatusOr<std::unique_ptr<nn::PolicyForward>> MakeTwinForward(const nn::NetworkSpec& spec);

// Forward and backward through time by autograd, from the zero state. Copies what it is given.
absl::StatusOr<Pass> MakeTwinBackward(const nn::NetworkSpec& spec, std::span<const float> parameters,
                                      const bptt::SequenceInput& input, ConstView3 output_gradient);

}  // namespace nmn::cli::bench
