#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

// A point in the plane that looks for a goal on the unit circle, which is not shown (docs/specification.md section
// 5.3). A trial has 20 steps, from the middle; the goal is the same in all of them. What a rule needs of it:
inline constexpr float kGoalStep = 0.3f;  // the longest, of each coordinate
inline constexpr float kGoalNear = 0.5f;  // the reward falls from 1 at the goal to 0 at this distance
inline constexpr uint32_t kGoalTrial = 20;

EnvironmentSpec HiddenGoalSpec();
std::unique_ptr<BatchedEnvironment> MakeHiddenGoal(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
