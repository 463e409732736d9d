#include "cli/scripted/scripted_policy.h"

#include <algorithm>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/scripted/policies.h"
#include "common/env/bandit.h"
#include "common/env/moving_target.h"
#include "common/env/two_targets.h"
#include "common/env/windy_navigation.h"

namespace nmn::scripted {
namespace {

struct Rule {
  std::string_view name;
  Maker* make;
};

constexpr Rule kMovingTarget[] = {
    {"random", MakeRandomPosition},         {"zero", MakeZero},
    {"untrained", MakeUntrained},           {"memoryless", MakeMovingTargetMemoryless},
    {"adaptive", MakeMovingTargetAdaptive}, {"oracle", MakeMovingTargetOracle},
};
constexpr Rule kWindyNavigation[] = {
    {"random", MakeRandomAngle},
    {"zero", MakeZero},
    {"untrained", MakeUntrained},
    {"memoryless", MakeWindyNavigationMemoryless},
    {"adaptive", MakeWindyNavigationAdaptive},
    {"oracle", MakeWindyNavigationOracle},
};
constexpr Rule kTwoTargets[] = {
    {"random", MakeRandomAngle},          {"zero", MakeZero},
    {"untrained", MakeUntrained},         {"memoryless", MakeTwoTargetsMemoryless},
    {"adaptive", MakeTwoTargetsAdaptive}, {"oracle", MakeTwoTargetsOracle},
};
constexpr Rule kBandit[] = {
    {"random", MakeBanditRandom}, {"greedy", MakeBanditGreedy},   {"thompson", MakeBanditThompson},
    {"ucb1", MakeBanditUcb1},     {"gittins", MakeBanditGittins}, {"optimal", MakeBanditOptimal},
    {"oracle", MakeBanditOracle},
};

struct Rules {
  std::string task;
  std::span<const Rule> rules;
};

const std::vector<Rules>& AllRules() {
  static const auto& all = *new std::vector<Rules>{
      {env::MovingTargetSpec().name, kMovingTarget},
      {env::WindyNavigationSpec().name, kWindyNavigation},
      {env::TwoTargetsSpec().name, kTwoTargets},
      {env::BanditSpec({}).name, kBandit},
  };
  return all;
}

}  // namespace

std::vector<std::string> PolicyNames() {
  std::vector<std::string> names;
  for (const Rules& rules : AllRules()) {
    for (const Rule& rule : rules.rules) {
      if (std::find(names.begin(), names.end(), rule.name) == names.end()) names.emplace_back(rule.name);
    }
  }
  return names;
}

std::vector<std::string> PolicyNames(std::string_view task) {
  std::vector<std::string> names;
  for (const Rules& rules : AllRules()) {
    if (rules.task != task) continue;
    for (const Rule& rule : rules.rules) names.emplace_back(rule.name);
  }
  return names;
}

absl::StatusOr<Maker*> FindMaker(std::string_view policy, std::string_view task) {
  for (const Rules& rules : AllRules()) {
    if (rules.task != task) continue;
    for (const Rule& rule : rules.rules) {
      if (rule.name == policy) return rule.make;
    }
    return absl::NotFoundError(absl::StrCat("policy is \"", std::string(policy), "\"; it must be one of ",
                                            absl::StrJoin(PolicyNames(task), ", "), ", the rules of ", rules.task));
  }
  return absl::NotFoundError(
      absl::StrCat("there is no rule \"", std::string(policy), "\" for task ", std::string(task)));
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeScriptedPolicy(std::string_view policy, std::string_view task,
                                                                   const v1::EnvironmentOptions& options,
                                                                   size_t max_lanes) {
  if (const absl::Status valid = env::ValidateOptions(task, options); !valid.ok()) return valid;
  const absl::StatusOr<Maker*> maker = FindMaker(policy, task);
  if (!maker.ok()) return maker.status();
  return (*maker)(options, max_lanes);
}

}  // namespace nmn::scripted
