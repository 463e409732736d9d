#pragma once

#include <memory>

#include "common/nn/policy_forward.h"

namespace nmn::nn {

// A network of any kind, in plain code: a few times slower than what a network of GRUs gets, and the same bits on every
// CPU.
std::unique_ptr<PolicyForward> MakePlainForward(const NetworkSpec& spec, size_t max_lanes);

}  // namespace nmn::nn
