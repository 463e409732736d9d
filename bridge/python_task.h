#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bridge/found_task.h"

namespace nmn::bridge {

// Which task in Python to play, and how. Said on a command line, and never by a config or a file: it makes a process
// load code.
struct PythonTask {
  std::string task;      // "package.module:factory"
  std::string python;    // the interpreter; "": the first python3 on PATH
  uint32_t horizon = 0;  // T, steps of an episode; 0: what the task says
  uint32_t workers = 1;  // processes that share the lanes
  // A worker that takes longer for its start, which imports the task, or for a reset or a step of all its lanes, hangs.
  std::chrono::milliseconds start_limit = std::chrono::minutes(5);
  std::chrono::milliseconds step_limit = std::chrono::minutes(2);
};

// Of a worker's description. INVALID_ARGUMENT: what CheckFoundTask refuses.
absl::StatusOr<FoundTask> ParseFoundTask(std::string_view json);

// What a worker says of a failure.
struct WorkerFailure {
  std::string doing;      // "start", "reset" or "step"
  std::string what;       // one line
  std::string traceback;  // "" where there is none
  bool refusal = false;   // a person must change something
};
// INTERNAL: it cannot be read.
absl::StatusOr<WorkerFailure> ParseWorkerFailure(std::string_view json);

}  // namespace nmn::bridge
