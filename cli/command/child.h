#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::command {

// A program that runs beside this process and writes to a file. It gets SIGTERM if this process dies without a word,
// and no Ctrl-C of the terminal: this process passes on what should reach it. Owned and used by one thread, the one
// that started it, which must live as long.
class Child {
 public:
  // arguments[0] is a path. stdout and stderr are appended to `log`. `environment`: all of it, as "NAME=value".
  static absl::StatusOr<std::unique_ptr<Child>> Start(const std::vector<std::string>& arguments,
                                                      const std::vector<std::string>& environment,
                                                      const std::string& log);
  ~Child();  // SIGKILL where it still runs, and waits for that
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void Signal(int signal);
  // Becomes readable when the child ends.
  int descriptor() const { return descriptor_; }
  // The exit code or 128 + signal once it has ended; -1 while it runs. Does not block. 1 where another
  // part of this process has waited for it, and its code is gone.
  int Ended();

 private:
  Child(int pid, int descriptor) : pid_(pid), descriptor_(descriptor) {}

  int pid_;
  int descriptor_;  // a pidfd
  int exit_code_ = -1;
};

}  // namespace nmn::command
