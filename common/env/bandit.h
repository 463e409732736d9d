#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

inline constexpr uint32_t kDefaultArms = 10;
inline constexpr uint32_t kMostArms = 1024;

// n Bernoulli arms whose chances of a reward of 1 are drawn once an episode, p ~ U[0, 1] each (Duan et al. 2016,
// section 3.1). An action is the arm that is pulled; the observation is the part of the episode that is left, from 1
// down to 1 / T. The task's options are env.arms and env.horizon.
EnvironmentSpec BanditSpec(const v1::EnvironmentOptions& options);
std::unique_ptr<BatchedEnvironment> MakeBandit(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
