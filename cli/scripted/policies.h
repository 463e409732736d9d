#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cli/scripted/scripted_policy.h"

// The rules of each task, from the task's own source; scripted_policy.cc has the list. Every task has "random" besides.
namespace nmn::scripted {

// Options are valid. INVALID_ARGUMENT where the rule does not play them.
using Maker = absl::StatusOr<std::unique_ptr<ScriptedPolicy>> (*)(const v1::EnvironmentOptions& options,
                                                                  size_t max_lanes);

struct Rule {
  std::string_view name;
  Maker make;
};

struct TaskRules {
  std::string task;
  std::vector<Rule> rules;
};

TaskRules MovingTargetRules();
TaskRules WindyNavigationRules();
TaskRules TwoTargetsRules();
TaskRules BanditRules();
TaskRules PendulumRules();
TaskRules HiddenGoalRules();
TaskRules TabularRules();

// A rule that needs no more than its own class: Make<Oracle> for a constructor of (options, max_lanes), of (options) or
// of nothing.
template <class Policy>
absl::StatusOr<std::unique_ptr<ScriptedPolicy>> Make(const v1::EnvironmentOptions& options, size_t max_lanes) {
  if constexpr (std::is_constructible_v<Policy, const v1::EnvironmentOptions&, size_t>)
    return std::make_unique<Policy>(options, max_lanes);
  else if constexpr (std::is_constructible_v<Policy, const v1::EnvironmentOptions&>)
    return std::make_unique<Policy>(options);
  else
    return std::make_unique<Policy>();
}

// Rules of any task.
std::unique_ptr<ScriptedPolicy> MakeRandom(const v1::ActionSpace& space);
// Rules of tasks whose action is numbers.
absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeZero(const v1::EnvironmentOptions& options, size_t max_lanes);
absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeUntrained(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::scripted
