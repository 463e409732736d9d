#include "common/env/brought.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace nmn::env {
namespace {

std::unique_ptr<const BroughtTask>& Slot() {
  static auto& slot = *new std::unique_ptr<const BroughtTask>();
  return slot;
}

}  // namespace

absl::Status Bring(BroughtTask task) {
  if (FindSpec(task.spec.name).ok())
    return absl::AlreadyExistsError(absl::StrCat("there is a task ", task.spec.name, " already; give it another name"));
  Slot() = std::make_unique<const BroughtTask>(std::move(task));
  return absl::OkStatus();
}

absl::Status BringSpec(const v1::TaskSpec& spec) {
  const auto make = [name = spec.name()](const v1::EnvironmentOptions&, size_t) {
    return absl::StatusOr<std::unique_ptr<BatchedEnvironment>>(absl::FailedPreconditionError(
        absl::StrCat("task ", name, " is a task of your own; bring its code with --task_python or --task_plugin")));
  };
  return Bring({SpecOf(spec), make});
}

const BroughtTask* Brought() { return Slot().get(); }

EnvironmentSpec SpecOf(const v1::TaskSpec& task) {
  EnvironmentSpec spec;
  spec.name = task.name();
  spec.title = task.name();
  spec.version = task.version();
  spec.observation_size = task.observation_size();
  spec.action = task.action();
  spec.default_horizon = task.horizon();
  spec.has_trials = task.has_trials();
  spec.measures = {task.measures().begin(), task.measures().end()};
  return spec;
}

const BroughtTask* FindBrought(std::string_view name) {
  return Brought() != nullptr && Brought()->spec.name == name ? Brought() : nullptr;
}

}  // namespace nmn::env
