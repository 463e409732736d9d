#pragma once

#include <cstddef>

namespace nmn::actor {

// Actions of a Gaussian policy, vectorised over lanes: u = mean + exp(log_variance / 2) eps (nmn.md section 2), or u =
// mean where `noise` is null. Arrays are [lane] and need no alignment. False where any u is not finite.
bool SampleActions(const float* mean, const float* log_variance, const float* noise, size_t lanes, float* raw_action);

}  // namespace nmn::actor
