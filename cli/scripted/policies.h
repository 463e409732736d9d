#pragma once

#include "cli/scripted/scripted_policy.h"

// One maker for each rule; scripted_policy.cc has the table. Options are valid.
namespace nmn::scripted {

using Maker = std::unique_ptr<ScriptedPolicy>(const v1::EnvironmentOptions& options, size_t max_lanes);

// The maker of a policy for a benchmark, which has rules of its own or none: NOT_FOUND names both.
absl::StatusOr<Maker*> FindMaker(std::string_view policy, std::string_view benchmark);

Maker MakeZero;
Maker MakeUntrained;
Maker MakeRandomPosition;  // of a moving target
Maker MakeRandomAngle;

Maker MakeMovingTargetMemoryless;
Maker MakeMovingTargetAdaptive;
Maker MakeMovingTargetOracle;

Maker MakeWindyNavigationMemoryless;
Maker MakeWindyNavigationAdaptive;
Maker MakeWindyNavigationOracle;

Maker MakeTwoTargetsMemoryless;
Maker MakeTwoTargetsAdaptive;
Maker MakeTwoTargetsOracle;

}  // namespace nmn::scripted
