#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

// Benchmark 2, windy navigation (docs/specification.md section 1.2). The task is the main wind direction; the target is
// fixed for the episode.
EnvironmentSpec WindyNavigationSpec();
std::unique_ptr<BatchedEnvironment> MakeWindyNavigation(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
