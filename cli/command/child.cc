#include "cli/command/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "common/exit_code/exit_code.h"
#include "common/fs/descriptor.h"
#include "common/fs/errors.h"
#include "common/process/reap.h"

namespace nmn::command {
namespace {

constexpr int kCannotExecute = 127;  // the shell's

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec of a process with threads: system calls only.
// `failure` is closed by exec, or gets the error that kept it from being done.
[[noreturn]] void Become(char** arguments, char** environment, int log, int null, int failure, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kCannotExecute);  // it died before the line above
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execve(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = write(failure, &error, sizeof error);
  _exit(kCannotExecute);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const std::vector<std::string>& arguments,
                                                    const std::vector<std::string>& environment,
                                                    const std::string& log) {
  // A pipe that nobody reads would be waited for.
  const int log_fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
  if (log_fd < 0) return fs::SystemError("write", log, errno);
  fcntl(log_fd, F_SETFL, O_APPEND);
  const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    const int error = errno;
    close(log_fd);
    close(null_fd);
    return fs::SystemError("start", arguments[0], error);
  }
  const fs::Descriptor failure(ends[0]);
  fs::Descriptor failed(ends[1]);
  std::vector<std::string> argument_copies = arguments, environment_copies = environment;
  const std::vector<char*> argv = Pointers(argument_copies), envp = Pointers(environment_copies);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0)
    Become(const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), log_fd, null_fd, failed.get(), parent);
  const int error = errno;
  close(log_fd);
  close(null_fd);
  if (pid < 0) return fs::StartError(arguments[0], error);
  failed.Close();
  int reason = 0;
  if (fs::Retry([&] { return read(failure.get(), &reason, sizeof reason); }) == sizeof reason) {
    waitpid(pid, nullptr, 0);
    return fs::StartError(arguments[0], reason);
  }
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  return std::unique_ptr<Child>(new Child(pid, descriptor));
}

Child::~Child() {
  if (Ended() < 0) {
    kill(pid_, SIGKILL);
    process::ReapKilled(pid_);
  }
  close(descriptor_);
}

void Child::Signal(int signal) {
  if (Ended() < 0) kill(pid_, signal);
}

int Child::Ended() {
  if (exit_code_ >= 0) return exit_code_;
  int status = 0;
  const pid_t ended = fs::Retry([&] { return waitpid(pid_, &status, WNOHANG); });
  if (ended == 0) return -1;
  // Somebody else in this process has waited for it: that it ended is all that can be known.
  if (ended < 0) return exit_code_ = kExitRetry;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

}  // namespace nmn::command
