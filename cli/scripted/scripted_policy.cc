#include "cli/scripted/scripted_policy.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/scripted/policies.h"
#include "common/env/moving_target.h"
#include "common/env/two_targets.h"
#include "common/env/windy_navigation.h"

namespace nmn::scripted {
namespace {

constexpr std::array<std::string_view, 6> kPolicies = {"random",     "zero",     "untrained",
                                                       "memoryless", "adaptive", "oracle"};

struct Rules {
  env::EnvironmentSpec (*spec)();
  std::array<Maker*, kPolicies.size()> makers;  // in the order of kPolicies
};

constexpr std::array<Rules, 3> kRules = {{
    {env::MovingTargetSpec,
     {MakeRandomPosition, MakeZero, MakeUntrained, MakeMovingTargetMemoryless, MakeMovingTargetAdaptive,
      MakeMovingTargetOracle}},
    {env::WindyNavigationSpec,
     {MakeRandomAngle, MakeZero, MakeUntrained, MakeWindyNavigationMemoryless, MakeWindyNavigationAdaptive,
      MakeWindyNavigationOracle}},
    {env::TwoTargetsSpec,
     {MakeRandomAngle, MakeZero, MakeUntrained, MakeTwoTargetsMemoryless, MakeTwoTargetsAdaptive,
      MakeTwoTargetsOracle}},
}};

}  // namespace

std::vector<std::string> PolicyNames() { return {kPolicies.begin(), kPolicies.end()}; }

absl::StatusOr<Maker*> FindMaker(std::string_view policy, std::string_view benchmark) {
  const auto* name = std::find(kPolicies.begin(), kPolicies.end(), policy);
  if (name == kPolicies.end()) {
    return absl::NotFoundError(absl::StrCat("policy is \"", std::string(policy), "\"; it must be one of ",
                                            absl::StrJoin(PolicyNames(), ", ")));
  }
  for (const Rules& rules : kRules) {
    if (rules.spec().name == benchmark) return rules.makers[static_cast<size_t>(name - kPolicies.begin())];
  }
  return absl::NotFoundError(
      absl::StrCat("there is no rule \"", std::string(policy), "\" for benchmark ", std::string(benchmark)));
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeScriptedPolicy(std::string_view policy, std::string_view benchmark,
                                                                   const v1::EnvironmentOptions& options,
                                                                   size_t max_lanes) {
  if (const absl::Status valid = env::ValidateOptions(benchmark, options); !valid.ok()) return valid;
  const absl::StatusOr<Maker*> maker = FindMaker(policy, benchmark);
  if (!maker.ok()) return maker.status();
  return (*maker)(options, max_lanes);
}

}  // namespace nmn::scripted
