#include "cli/command/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/fs/descriptor.h"
#include "common/fs/errors.h"
#include "common/process/reap.h"

extern char** environ;

namespace nmn::command {
namespace {

using Clock = std::chrono::steady_clock;

// Two ends of a pipe that close themselves.
struct Pipe {
  fs::Descriptor read{-1}, write{-1};
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return absl::ResourceExhaustedError(absl::StrCat("cannot make a pipe: ", std::strerror(errno)));
  return Pipe{fs::Descriptor(ends[0]), fs::Descriptor(ends[1])};
}

// Reads until the process has ended and nothing more is to be read. What it started and left behind may hold its
// streams open; it may have closed them itself and go on. False if the deadline came first.
bool ReadToEnd(const fs::Descriptor& process, std::array<int, 2> fds, std::array<std::string*, 2> texts,
               Clock::time_point deadline) {
  char buffer[4096];
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waits[3] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}, {process.get(), POLLIN, 0}};
    const int ready = poll(waits, 3, static_cast<int>(std::max<int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    bool heard = false;
    for (size_t i = 0; i < fds.size(); ++i) {
      if (waits[i].revents == 0) continue;
      heard = true;
      const ssize_t got = fs::Retry([&] { return read(fds[i], buffer, sizeof buffer); });
      if (got > 0) texts[i]->append(buffer, static_cast<size_t>(got));
      if (got <= 0) fds[i] = -1;  // which poll leaves out
    }
    if (!heard) return true;
  }
}

// The signals that a process of ours may ignore or handle.
void SetDefaults(posix_spawnattr_t& attributes) {
  sigset_t defaults, none;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

// This process's, but for some.
std::vector<char*> Variables(const std::vector<std::string>& without) {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (std::find(without.begin(), without.end(), text.substr(0, text.find('='))) == without.end()) {
      variables.push_back(*variable);
    }
  }
  variables.push_back(nullptr);
  return variables;
}

}  // namespace

absl::StatusOr<std::string> InPath(const std::string& name) {
  const char* path = std::getenv("PATH");
  const std::vector<std::string> folders = absl::StrSplit(path == nullptr ? "/usr/bin:/bin" : path, ':');
  for (const std::string& folder : folders) {
    std::error_code error;
    const std::filesystem::path file = std::filesystem::absolute(folder.empty() ? "." : folder, error) / name;
    if (std::filesystem::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0) return file.string();
  }
  return absl::NotFoundError(absl::StrCat(name, " is not in PATH"));
}

std::string Result::LastWords() const { return LastLine(LastLine(err) == LastLine("") ? out : err); }

absl::StatusOr<Result> Run(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                           const std::string& folder, const std::vector<std::string>& without) {
  // What begins nowhere looks like a program that is not there.
  if (!folder.empty() && access(folder.c_str(), X_OK) != 0) return fs::SystemError("enter", folder, errno);
  std::vector<std::string> copies = arguments;
  // Another folder's files are no programs of ours, whatever PATH says of "here".
  if (!folder.empty() && !absl::StrContains(arguments[0], '/')) {
    absl::StatusOr<std::string> program = InPath(arguments[0]);
    if (!program.ok()) return program.status();
    copies[0] = *std::move(program);
  }
  absl::StatusOr<Pipe> out = MakePipe(), err = MakePipe();
  if (!out.ok()) return out.status();
  if (!err.ok()) return err.status();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out->write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err->write.get(), STDERR_FILENO);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  SetDefaults(attributes);
  std::vector<char*> pointers;
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::vector<char*> variables = Variables(without);
  pid_t child = 0;
  const int error = posix_spawnp(&child, pointers[0], &actions, &attributes, pointers.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fs::StartError(arguments[0], error, absl::StrCat(arguments[0], " is not in PATH"));
  out->write.Close();
  err->write.Close();
  Result result;
  const fs::Descriptor watched(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const int unwatched = watched.ok() ? 0 : errno;
  const bool ended = watched.ok() && ReadToEnd(watched, {out->read.get(), err->read.get()}, {&result.out, &result.err},
                                               Clock::now() + limit);
  if (!ended) {
    kill(child, SIGKILL);
    process::ReapKilled(child);
    if (unwatched != 0) return fs::SystemError("watch", arguments[0], unwatched);
    return absl::DeadlineExceededError(absl::StrCat(arguments[0], " had not ended after ",
                                                    static_cast<double>(limit.count()) / 1000, " s, and was killed"));
  }
  int status = 0;
  fs::Retry([&] { return waitpid(child, &status, 0); });
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "it said nothing";
  const size_t newline = text.rfind('\n', end);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(begin, end + 1 - begin);
}

absl::StatusOr<std::string> Sibling(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    return absl::NotFoundError(absl::StrCat("cannot read /proc/self/exe: ", error.message(), "; is /proc mounted?"));
  const std::string path = (self.parent_path() / name).string();
  if (access(path.c_str(), X_OK) != 0)
    return absl::NotFoundError(absl::StrCat(path, " is missing; build it: make build"));
  return path;
}

}  // namespace nmn::command
