#pragma once

#include <memory>

#include "common/nn/policy_forward.h"

namespace nmn::nn {

// Whether nobody has written fast loops for such a network: an actor then plays it in plain code, and the learner
// trains it with LibTorch's operators. Loops are there for GRUs, unless they are the hypernetwork of another network.
inline bool NeedsPlainCode(const v1::NetworkOptions& options) {
  return options.cell() != v1::GRU || options.modulation() == v1::HYPERNETWORK;
}

// A network of any kind, in plain code: a few times slower than what a network of GRUs gets, and the same bits on every
// CPU.
std::unique_ptr<PolicyForward> MakePlainForward(const NetworkSpec& spec, size_t max_lanes);

}  // namespace nmn::nn
