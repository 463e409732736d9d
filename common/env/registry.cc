#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/env/bandit.h"
#include "common/env/brought.h"
#include "common/env/environment.h"
#include "common/env/hidden_goal.h"
#include "common/env/moving_target.h"
#include "common/env/pendulum.h"
#include "common/env/tabular.h"
#include "common/env/two_targets.h"
#include "common/env/windy_navigation.h"
#include "common/text/suggestion.h"

namespace nmn::env {
namespace {

struct Task {
  EnvironmentSpec (*spec)(const v1::EnvironmentOptions&);
  std::unique_ptr<BatchedEnvironment> (*make)(const v1::EnvironmentOptions&, size_t max_lanes);
};

// A task whose spec does not depend on its options.
template <EnvironmentSpec (*kSpec)()>
EnvironmentSpec Fixed(const v1::EnvironmentOptions&) {
  return kSpec();
}

// A task's name is in its spec and nowhere else.
constexpr Task kTasks[] = {
    {Fixed<MovingTargetSpec>, MakeMovingTarget}, {Fixed<WindyNavigationSpec>, MakeWindyNavigation},
    {Fixed<TwoTargetsSpec>, MakeTwoTargets},     {BanditSpec, MakeBandit},
    {Fixed<PendulumSpec>, MakePendulum},         {Fixed<HiddenGoalSpec>, MakeHiddenGoal},
    {Fixed<TabularSpec>, MakeTabular},
};

// Of a task with the name that tasks in Python have, unless they choose one: package.module.factory.
std::string FlagThatBrings(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return "--task_python=MODULE:FACTORY or --task_plugin=FILE";
  return absl::StrCat("--task_python=", std::string(name.substr(0, dot)), ":", std::string(name.substr(dot + 1)));
}

absl::StatusOr<const Task*> Find(std::string_view name) {
  for (const Task& task : kTasks) {
    if (task.spec({}).name == name) return &task;
  }
  const std::string known = absl::StrJoin(TaskNames(), ", ");
  const std::string meant = text::DidYouMean(name, TaskNames());
  if (!meant.empty())
    return absl::NotFoundError(absl::StrCat("benchmark is \"", std::string(name), "\"", meant, " There are ", known));
  return absl::NotFoundError(absl::StrCat("benchmark is \"", std::string(name), "\", and there are ", known,
                                          ". A task of your own needs ", FlagThatBrings(name),
                                          " in each command that plays it, also to go on with its run"));
}

std::string ListOf(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i)
    absl::StrAppend(&list, i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  return list;
}

}  // namespace

std::vector<std::string> TaskNames() {
  std::vector<std::string> names;
  for (const Task& task : kTasks) names.push_back(task.spec({}).name);
  if (Brought() != nullptr) names.push_back(Brought()->spec.name);
  return names;
}

std::vector<std::string> BenchmarkNames() {
  std::vector<std::string> names;
  for (const Task& task : kTasks) {
    if (task.spec({}).is_benchmark) names.push_back(task.spec({}).name);
  }
  return names;
}

std::string ListOfTasks(bool titles) {
  std::vector<std::string> names;
  for (const Task& task : kTasks) {
    const EnvironmentSpec spec = task.spec({});
    names.push_back(titles ? absl::StrCat(spec.name, " (", spec.title, ")") : spec.name);
  }
  return ListOf(names);
}

std::string TasksThat(bool EnvironmentSpec::*have) {
  std::vector<std::string> names;
  for (const Task& task : kTasks) {
    if (task.spec({}).*have) names.push_back(task.spec({}).name);
  }
  return ListOf(names);
}

absl::StatusOr<EnvironmentSpec> FindSpec(std::string_view task, const v1::EnvironmentOptions& options) {
  if (const BroughtTask* brought = FindBrought(task)) return brought->spec;
  const auto found = Find(task);
  if (!found.ok()) return found.status();
  return (*found)->spec(options);
}

absl::StatusOr<std::unique_ptr<BatchedEnvironment>> MakeEnvironment(std::string_view benchmark,
                                                                    const v1::EnvironmentOptions& options,
                                                                    size_t max_lanes) {
  if (const absl::Status valid = ValidateOptions(benchmark, options); !valid.ok()) return valid;
  if (max_lanes == 0) return absl::InvalidArgumentError("a batch of environments has 0 lanes; it must have at least 1");
  if (const BroughtTask* brought = FindBrought(benchmark)) return brought->make(options, max_lanes);
  return Find(benchmark).value()->make(options, max_lanes);
}

}  // namespace nmn::env
