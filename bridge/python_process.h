#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bridge/interruption.h"
#include "bridge/python_task.h"
#include "common/fs/descriptor.h"

namespace nmn::bridge {

// One Python process that runs what this program carries of python/, and a socket to it. It leads a process group of
// its own: neither it nor what it forked is left behind when this object goes, or when we are killed (a guardian
// process waits for that). Its stdout goes to our stderr. Not thread-safe.
class PythonProcess {
 public:
  // Returns at once. NOT_FOUND: no such interpreter. `interruption` must live as long as the process.
  static absl::StatusOr<std::unique_ptr<PythonProcess>> Start(const PythonTask& task, const Interruption& interruption);
  ~PythonProcess();  // kills the group
  PythonProcess(const PythonProcess&) = delete;
  PythonProcess& operator=(const PythonProcess&) = delete;

  // UNAVAILABLE: the process is gone.
  absl::Status Send(std::string_view bytes);
  absl::Status SendDescriptor(int descriptor);
  // Bytes up to, and without, the newline. DEADLINE_EXCEEDED: none within the limit. UNAVAILABLE: the process ended,
  // and how. CANCELLED: the interruption came first.
  absl::StatusOr<std::string> ReadLine(std::chrono::milliseconds limit);
  absl::StatusOr<char> ReadByte(std::chrono::milliseconds limit);
  // Before anything is read. FAILED_PRECONDITION: the interpreter ends before it runs what this program carries.
  absl::Status WaitUntilItRuns(std::chrono::milliseconds limit);

  // No more commands will come: the process closes its environments and ends.
  void Finish();
  // Blocks until it has ended, or the limit passes.
  void WaitForEnd(std::chrono::milliseconds limit);

  int pid() const { return pid_; }

 private:
  PythonProcess(std::string python, int pid, fs::Descriptor socket, fs::Descriptor pid_fd,
                const Interruption& interruption);
  absl::Status StartGuardian();
  absl::Status WaitForBytes(std::chrono::milliseconds limit);
  absl::Status Ended();

  const std::string python_;
  const int pid_;
  const fs::Descriptor socket_;
  const fs::Descriptor pid_fd_;  // readable when the process has ended
  const Interruption& interruption_;
  std::chrono::steady_clock::duration last_wait_ = std::chrono::hours(1);  // of ReadByte
  int guardian_ = -1;
  std::unique_ptr<fs::Descriptor> lifeline_;  // the guardian kills the group when it is closed
};

}  // namespace nmn::bridge
