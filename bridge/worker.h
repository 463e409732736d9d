#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "bridge/interruption.h"
#include "bridge/python_process.h"
#include "bridge/python_task.h"
#include "bridge/segment.h"

namespace nmn::bridge {

// What a worker is told to do, and by which letter (python/nmn/worker.py).
enum class Command : char { kReset = 'R', kStep = 'S' };
std::string_view NameOf(Command command);

// A process that plays lanes of a task, and what is said between it and us:
//
//   Start -> Find -> Open -> [ Send -> Wait ] ..
//
// Whatever fails is one line without the task's name, and its traceback is in the log. ABORTED: the task raised an
// exception or returned what it does not declare. FAILED_PRECONDITION: something that a person must change.
// DEADLINE_EXCEEDED: it hangs. UNAVAILABLE: its process ended. After a failure the worker is of no more use. Not
// thread-safe.
class Worker {
 public:
  // Returns at once, so that several can start beside each other.
  // What is waited for fails with CANCELLED once `interruption` is set, which must live as long as the worker.
  static absl::StatusOr<std::unique_ptr<Worker>> Start(const PythonTask& task, const Interruption& interruption);

  // Blocks until the process has made its first environment.
  absl::StatusOr<FoundTask> Find();
  // `segment` must live as long as the worker.
  absl::Status Open(const Segment& segment);

  absl::Status Send(Command command);
  absl::Status Wait(Command command);  // until it is done

  PythonProcess& process() { return *process_; }

 private:
  Worker(PythonTask task, std::unique_ptr<PythonProcess> process);
  // `doing`: what it was told, which need not be said again.
  absl::Status Answer(std::string_view doing, std::chrono::milliseconds limit);
  absl::Status ReadFailure(std::string_view doing, std::chrono::milliseconds limit);

  const PythonTask task_;
  const std::unique_ptr<PythonProcess> process_;
};

}  // namespace nmn::bridge
