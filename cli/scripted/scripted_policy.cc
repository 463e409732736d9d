#include "cli/scripted/scripted_policy.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

struct Rule {
  std::string_view policy;
  Maker* b1;
  Maker* b2;
  Maker* b3;
};

constexpr std::array<Rule, 6> kRules = {{
    {"random", MakeRandomPosition, MakeRandomAngle, MakeRandomAngle},
    {"zero", MakeZero, MakeZero, MakeZero},
    {"untrained", MakeUntrained, MakeUntrained, MakeUntrained},
    {"memoryless", MakeMovingTargetMemoryless, MakeWindyNavigationMemoryless, MakeTwoTargetsMemoryless},
    {"adaptive", MakeMovingTargetAdaptive, MakeWindyNavigationAdaptive, MakeTwoTargetsAdaptive},
    {"oracle", MakeMovingTargetOracle, MakeWindyNavigationOracle, MakeTwoTargetsOracle},
}};

}  // namespace

std::vector<std::string> PolicyNames() {
  std::vector<std::string> names;
  for (const Rule& rule : kRules) names.emplace_back(rule.policy);
  return names;
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeScriptedPolicy(std::string_view policy, std::string_view benchmark,
                                                                   const v1::EnvironmentOptions& options,
                                                                   size_t max_lanes) {
  if (const absl::Status valid = env::ValidateOptions(benchmark, options); !valid.ok()) return valid;
  std::string names;
  for (const Rule& rule : kRules) {
    if (rule.policy == policy) {
      return (benchmark == "b1" ? rule.b1 : benchmark == "b2" ? rule.b2 : rule.b3)(options, max_lanes);
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(rule.policy));
  }
  return absl::NotFoundError(absl::StrCat("policy is \"", std::string(policy), "\"; it must be one of ", names));
}

}  // namespace nmn::scripted
