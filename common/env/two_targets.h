#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

// Benchmark 3, two targets (docs/specification.md section 1.3). The task is the order in which the good and the bad
// target are listed in x: 0 = good first, 1 = bad first. Where both are equally near, the good one is the nearest.
EnvironmentSpec TwoTargetsSpec();
std::unique_ptr<BatchedEnvironment> MakeTwoTargets(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
