#include "bridge/python_flags.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/python_environment.h"
#include "common/env/brought.h"

namespace nmn::bridge {
namespace {

PythonTask TaskOf(const PythonFlags& flags) {
  PythonTask task;
  task.task = flags.task;
  task.python = flags.python;
  task.workers = flags.workers;
  task.step_limit = std::chrono::milliseconds(static_cast<int64_t>(flags.step_limit_seconds * 1000));
  return task;
}

}  // namespace

void AddPythonFlags(CLI::App& app, PythonFlags& flags) {
  app.add_option("--task_python", flags.task,
                 "a task of your own: package.module:factory, found by PYTHONPATH (docs/tasks.md)");
  app.add_option("--python", flags.python, "the interpreter of --task_python [the first python3 on PATH]");
  app.add_option("--python_workers", flags.workers,
                 "processes that share the episodes of --task_python; reaches no result")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--python_timeout", flags.step_limit_seconds,
                 "seconds after which a step of --task_python hangs, and its process is killed")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1e6));
}

absl::Status BringPythonTask(const PythonFlags& flags, std::string& task) {
  if (flags.task.empty()) return absl::OkStatus();
  if (!task.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--task=", task, " and --task_python=", flags.task, " both name a task; give one of them"));
  }
  const PythonTask played = TaskOf(flags);
  PythonTask alone = played;
  alone.workers = 1;
  const absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(alone, 1);
  if (!pool.ok()) return pool.status();
  const FoundTask found = (*pool)->found();
  const auto make = [played](const v1::EnvironmentOptions& options,
                             size_t max_lanes) -> absl::StatusOr<std::unique_ptr<env::BatchedEnvironment>> {
    PythonTask sized = played;
    if (options.horizon() != 0) sized.horizon = options.horizon();
    return PythonEnvironment::Start(sized, max_lanes);
  };
  task = found.spec.name();
  return env::Bring({EnvironmentSpecOf(found), make});
}

}  // namespace nmn::bridge
