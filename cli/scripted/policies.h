#pragma once

#include "cli/scripted/scripted_policy.h"

// One maker for each rule; scripted_policy.cc has the table. Options are valid. INVALID_ARGUMENT where a rule does not
// play them.
namespace nmn::scripted {

using Maker = absl::StatusOr<std::unique_ptr<ScriptedPolicy>>(const v1::EnvironmentOptions& options, size_t max_lanes);

// The maker of a task's policy: NOT_FOUND names those that the task has.
absl::StatusOr<Maker*> FindMaker(std::string_view policy, std::string_view task);

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

Maker MakeBanditRandom;
Maker MakeBanditGreedy;
Maker MakeBanditThompson;
Maker MakeBanditUcb1;
Maker MakeBanditGittins;
Maker MakeBanditOptimal;
Maker MakeBanditOracle;

}  // namespace nmn::scripted
