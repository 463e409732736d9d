#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "bridge/python_task.h"

namespace CLI {
class App;
}

namespace nmn::bridge {

// What a command line says of a task in Python. Nothing else may: not a config, not a file, not a learner.
struct PythonFlags {
  std::string task;    // --task_python
  std::string python;  // --python
  uint32_t workers = 1;
  double step_limit_seconds = 120;
};
void AddPythonFlags(CLI::App& app, PythonFlags& flags);

// Makes an environment of the task, to see what it is, and brings the task into the registry (common/env/brought.h).
// Where the command line names no task in Python, does nothing. `task`: what --task says, "" where it says nothing;
// out: the name of what was brought. Blocks as long as the task's imports do.
absl::Status BringPythonTask(const PythonFlags& flags, std::string& task);

}  // namespace nmn::bridge
