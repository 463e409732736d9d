#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

// A Markov decision process with few states that is drawn by chance (docs/specification.md section 5.4; Duan et al.
// 2016, section 3.2). A trial has 10 steps, from state 0; the process is the same in all of them.
inline constexpr uint32_t kTabularStates = 10;
inline constexpr uint32_t kTabularActions = 5;
inline constexpr uint32_t kTabularTrial = 10;

// What ReadTask gives, for a rule that knows the process: [state, action] mean rewards, then [state, action, k] the
// chance that the next state is at most k, k = 0 .. 8.
inline constexpr uint32_t kTabularPairs = kTabularStates * kTabularActions;
inline constexpr uint32_t kTabularCuts = kTabularStates - 1;

EnvironmentSpec TabularSpec();
std::unique_ptr<BatchedEnvironment> MakeTabular(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
