#include "bridge/task_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bridge/brought_environment.h"
#include "bridge/plugin_lanes.h"
#include "bridge/python_task.h"
#include "bridge/worker_pool.h"
#include "common/env/brought.h"
#include "common/flags/command.h"
#include "common/flags/groups.h"

namespace nmn::bridge {
namespace {

// Makes lanes of a task; horizon 0: what the task says.
using LanesMaker = std::function<absl::StatusOr<std::unique_ptr<TaskLanes>>(uint32_t horizon, size_t max_lanes)>;

LanesMaker PythonMaker(const TaskFlags& flags) {
  PythonTask task;
  task.task = flags.task_python;
  task.python = flags.python;
  task.workers = flags.python_workers;
  task.step_limit = std::chrono::milliseconds(static_cast<int64_t>(flags.python_timeout * 1000));
  return [task](uint32_t horizon, size_t max_lanes) -> absl::StatusOr<std::unique_ptr<TaskLanes>> {
    PythonTask sized = task;
    sized.horizon = horizon;
    return WorkerPool::Start(sized, max_lanes);
  };
}

absl::StatusOr<LanesMaker> PluginMaker(const std::string& file) {
  absl::StatusOr<PluginLibrary> library = LoadPlugin(file);
  if (!library.ok()) return library.status();
  return [library = *std::move(library)](uint32_t horizon, size_t max_lanes) {
    return absl::StatusOr<std::unique_ptr<TaskLanes>>(PluginLanes::Create(library, horizon, max_lanes));
  };
}

// The flag that is there for --task_python alone; "" if none was given. What the environment says is for every
// command of a shell, and no mistake.
std::string FlagOfPython(const TaskFlags& flags) {
  const TaskFlags none;
  const auto given = [](const char* variable, bool differs) { return differs && std::getenv(variable) == nullptr; };
  if (given("NMN_PYTHON", !flags.python.empty())) return absl::StrCat("--python=", flags.python);
  if (given("NMN_PYTHON_WORKERS", flags.python_workers != none.python_workers))
    return absl::StrCat("--python_workers=", flags.python_workers);
  if (given("NMN_PYTHON_TIMEOUT", flags.python_timeout != none.python_timeout))
    return absl::StrCat("--python_timeout=", flags.python_timeout);
  return "";
}

// "package.module:factory"; what a person may have meant by another text.
absl::Status CheckFactory(const std::string& factory) {
  const size_t colon = factory.find(':');
  const std::string module = factory.substr(0, colon);
  const auto wrong = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("--task_python=", factory, what));
  };
  if (absl::StrContains(module, '/') || absl::EndsWith(module, ".py")) {
    const std::filesystem::path file(module);
    return wrong(absl::StrCat(
        " names a file; name its module, as Python's import does, and in PYTHONPATH the folder "
        "where it is: PYTHONPATH=",
        file.has_parent_path() ? file.parent_path().string() : ".", " .. --task_python=", file.stem().string(),
        colon == std::string::npos ? ":FACTORY" : factory.substr(colon)));
  }
  if (colon != std::string::npos) return absl::OkStatus();
  const size_t dot = module.rfind('.');
  return wrong(dot == std::string::npos || dot == 0
                   ? absl::StrCat(" has no factory; it must be package.module:factory, e.g. ", module, ":make")
                   : absl::StrCat(" must be package.module:factory; did you mean --task_python=", module.substr(0, dot),
                                  ":", module.substr(dot + 1), "?"));
}

absl::Status CheckFlags(const TaskFlags& flags, const std::string& task) {
  if (absl::Status status = flags.task_python.empty() ? absl::OkStatus() : CheckFactory(flags.task_python);
      !status.ok())
    return status;
  const std::string of_python = FlagOfPython(flags);
  if (flags.task_python.empty() && !of_python.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(of_python, " is for a task in Python, and --task_python names none; leave it out, or name one"));
  }
  if (!flags.task_python.empty() && !flags.task_plugin.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--task_python=", flags.task_python, " and --task_plugin=",
                                                   flags.task_plugin, " both name a task; give one of them"));
  }
  if (flags.any() && !task.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--task=", task, " and ", flags.Command(), " both name a task; give one of them"));
  }
  return absl::OkStatus();
}

// As it is where this process's own folder was removed: whoever opens it says so.
std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

// Processes that are started for this one in another folder, such as the tasks of a Slurm job, look in the same places.
void MakePythonPathAbsolute() {
  const char* path = std::getenv("PYTHONPATH");
  if (path == nullptr) return;
  std::vector<std::string> folders = absl::StrSplit(path, ':');
  for (std::string& folder : folders) {
    if (!folder.empty()) folder = std::filesystem::path(Absolute(folder)).lexically_normal().string();
  }
  setenv("PYTHONPATH", absl::StrJoin(folders, ":").c_str(), 1);
}

}  // namespace

std::vector<TaskFlags::Flag> TaskFlags::Given() const {
  if (!task_plugin.empty()) return {{"--task_plugin", task_plugin}};
  if (task_python.empty()) return {};
  std::vector<Flag> given = {{"--task_python", task_python}};
  const TaskFlags none;
  if (!python.empty()) given.emplace_back("--python", python);
  if (python_workers != none.python_workers) given.emplace_back("--python_workers", absl::StrCat(python_workers));
  if (python_timeout != none.python_timeout) given.emplace_back("--python_timeout", absl::StrCat(python_timeout));
  return given;
}

std::string TaskFlags::Command() const {
  return absl::StrJoin(Given(), " ", [](std::string* out, const Flag& flag) {
    absl::StrAppend(out, flag.first, "=", flags::ShellQuoted(flag.second));
  });
}

std::vector<std::string> TaskFlags::Arguments() const {
  if (!task_plugin.empty()) return {absl::StrCat("--task_plugin=", Absolute(task_plugin))};
  std::vector<std::string> arguments;
  for (const auto& [name, value] : Given()) {
    const bool file = name == "--python" && absl::StrContains(value, '/');  // else a name that PATH finds
    arguments.push_back(absl::StrCat(name, "=", file ? Absolute(value) : value));
  }
  return arguments;
}

void AddTaskFlags(CLI::App& app, TaskFlags& flags) {
  CLI::Option* python = app.add_option("--task_python", flags.task_python,
                                       "a task of your own: package.module:factory, found by PYTHONPATH");
  python->type_name("FACTORY")->group(flags::kOwnTaskGroup);
  app.add_option("--python", flags.python, "the interpreter of --task_python [the first python3 on PATH]")
      ->type_name("FILE")
      ->group(flags::kOwnTaskGroup);
  app.add_option("--python_workers", flags.python_workers,
                 "processes that share the episodes of --task_python; does not change results")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024))
      ->group(flags::kOwnTaskGroup);
  app.add_option("--python_timeout", flags.python_timeout,
                 "after so many seconds a step of --task_python counts as hung, and its process is killed")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1e6))
      ->group(flags::kOwnTaskGroup);
  CLI::Option* plugin =
      app.add_option("--task_plugin", flags.task_plugin, "a task of your own: a shared library made with nmn/task.h");
  plugin->type_name("FILE")->group(flags::kOwnTaskGroup)->excludes(python);
  if (CLI::Option* task = app.get_option_no_throw("--task"); task != nullptr) {
    for (CLI::Option* brings : {python, plugin}) brings->excludes(task);
  }
}

absl::Status BringTask(TaskFlags& flags, std::string& task) {
  if (absl::Status status = CheckFlags(flags, task); !status.ok()) return status;
  if (!flags.any()) return absl::OkStatus();
  if (!flags.task_python.empty()) MakePythonPathAbsolute();
  const absl::StatusOr<LanesMaker> maker =
      flags.task_python.empty() ? PluginMaker(flags.task_plugin) : PythonMaker(flags);
  if (!maker.ok()) return maker.status();
  const LanesMaker lanes = *maker;
  const absl::StatusOr<std::unique_ptr<TaskLanes>> first = lanes(0, 1);
  if (!first.ok()) return first.status();
  const auto make = [lanes](const v1::EnvironmentOptions& options,
                            size_t max_lanes) -> absl::StatusOr<std::unique_ptr<env::BatchedEnvironment>> {
    absl::StatusOr<std::unique_ptr<TaskLanes>> made = lanes(options.horizon(), max_lanes);
    if (!made.ok()) return made.status();
    return std::make_unique<BroughtEnvironment>(*std::move(made), max_lanes);
  };
  const v1::TaskSpec& spec = (*first)->found().spec;
  task = spec.name();
  return env::Bring({env::SpecOf(spec), make});
}

}  // namespace nmn::bridge
