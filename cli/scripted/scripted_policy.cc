#include "cli/scripted/scripted_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/scripted/policies.h"
#include "common/text/suggestion.h"

namespace nmn::scripted {
namespace {

constexpr char kRandom[] = "random";

const std::vector<TaskRules>& AllRules() {
  static const auto& all =
      *new std::vector<TaskRules>{MovingTargetRules(), WindyNavigationRules(), TwoTargetsRules(), BanditRules(),
                                  PendulumRules(),     HiddenGoalRules(),      TabularRules()};
  return all;
}

std::vector<Rule> RulesOf(std::string_view task) {
  for (const TaskRules& rules : AllRules()) {
    if (rules.task == task) return rules.rules;
  }
  return {};
}

}  // namespace

std::vector<std::string> PolicyNames() {
  std::vector<std::string> names = {kRandom};
  for (const TaskRules& rules : AllRules()) {
    for (const Rule& rule : rules.rules) {
      if (std::find(names.begin(), names.end(), rule.name) == names.end()) names.emplace_back(rule.name);
    }
  }
  return names;
}

std::vector<std::string> PolicyNames(std::string_view task) {
  std::vector<std::string> names = {kRandom};
  for (const Rule& rule : RulesOf(task)) names.emplace_back(rule.name);
  return names;
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeScriptedPolicy(std::string_view policy, std::string_view task,
                                                                   const v1::EnvironmentOptions& options,
                                                                   size_t max_lanes) {
  if (const absl::Status valid = env::ValidateOptions(task, options); !valid.ok()) return valid;
  const absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(task, options);
  if (!spec.ok()) return spec.status();
  if (policy == kRandom) return MakeRandom(spec->action);
  for (const Rule& rule : RulesOf(task)) {
    if (rule.name == policy) return rule.make(options, max_lanes);
  }
  const std::vector<std::string> names = PolicyNames(task);
  return absl::NotFoundError(absl::StrCat("policy is \"", std::string(policy), "\"; it must be a trained one, or ",
                                          names.size() == 1 ? "" : "one of ", absl::StrJoin(names, ", "),
                                          names.size() == 1 ? ", the only rule of " : ", the rules of ",
                                          std::string(task), text::DidYouMean(policy, names)));
}

}  // namespace nmn::scripted
