#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

// Benchmark 1, the moving target (docs/specification.md section 1.1). Task alpha ~ U[-10, 10]; the agent sees x and
// must act within 1 of the target p. A re-draw of alpha between steps leaves the drawn position where it is and moves
// the other: x stays and p = x + alpha follows in domain reference; p stays (within reach of an action) and the
// displayed x = p + alpha follows in domain paper.
EnvironmentSpec MovingTargetSpec();
std::unique_ptr<BatchedEnvironment> MakeMovingTarget(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
