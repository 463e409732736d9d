#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nmn::testing {

// A real process whose stdout and stderr go to files. Killed (SIGKILL) if it still runs when this is destroyed.
class Subprocess {
 public:
  // `arguments[0]` is the program. Extra environment variables as "NAME=value"; NMN_METRICS is a free port
  // where they say nothing of it, for tests run beside each other.
  explicit Subprocess(std::vector<std::string> arguments, std::vector<std::string> environment = {});
  ~Subprocess();
  Subprocess(Subprocess&&) noexcept;
  Subprocess& operator=(Subprocess&&) noexcept;

  int pid() const { return pid_; }
  void Signal(int signal);
  // The exit code, or 128 + signal. Fails the test and kills the process where it does not end within `limit`: then -1.
  int Wait(std::chrono::seconds limit = std::chrono::seconds(120));
  // Blocks until the process ends, which Wait then tells at once, or `limit` passes; whether it has ended.
  bool EndsWithin(std::chrono::milliseconds limit);
  bool running();
  // Most memory that it has held so far (VmHWM); 0 where it has ended.
  uint64_t PeakMemoryBytes() const;

  std::string out() const;  // so far
  std::string err() const;
  // Blocks until stderr or stdout contains `text` or the process ends or `limit` passes; whether it does.
  bool WaitForOutput(const std::string& text, std::chrono::milliseconds limit = std::chrono::seconds(60));

 private:
  int pid_ = -1;
  int code_ = -1;
  std::string folder_;
};

// Runs to the end.
struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};
Outcome RunProcess(std::vector<std::string> arguments, std::chrono::seconds limit = std::chrono::seconds(120),
                   std::vector<std::string> environment = {});

// A binary of this build, e.g. Binary("nmn").
std::string Binary(const std::string& name);

// A new empty directory, removed with its content when destroyed.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);  // "" where there is none
void WriteFile(const std::string& path, const std::string& content);

}  // namespace nmn::testing
