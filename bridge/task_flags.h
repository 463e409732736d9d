#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace nmn::bridge {

// What a command line says of a task of the user's own, whose code this process loads. Nothing else may: not a config,
// not a file, not a learner.
struct TaskFlags {
  std::string task_python;
  std::string python;           // --python
  uint32_t python_workers = 1;  // --python_workers
  double python_timeout = 120;  // --python_timeout, seconds
  std::string task_plugin;

  bool any() const { return !task_python.empty() || !task_plugin.empty(); }
  // As a person types them, quoted for a shell. "" where no task is named.
  std::string Command() const;
  // The same, for a process that runs elsewhere: files by their whole path.
  std::vector<std::string> Arguments() const;

 private:
  using Flag = std::pair<std::string, std::string>;  // "--python", "python3.12"
  std::vector<Flag> Given() const;
};
// After --task, where `app` has it: a flag that names a task silences what the environment says of the others.
void AddTaskFlags(CLI::App& app, TaskFlags& flags);

// Makes an environment of the task, to see what it is, and brings the task into the registry (common/env/brought.h).
// Where the command line names no such task, does nothing. `task`: what --task says, "" where it says nothing; out: the
// name of what was brought. Blocks as long as a task's imports do. INVALID_ARGUMENT: two tasks are named, or a flag
// that belongs to no task.
absl::Status BringTask(TaskFlags& flags, std::string& task);

}  // namespace nmn::bridge
