#include "bridge/python_process.h"

#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "bridge/embedded_python.h"
#include "common/process/reap.h"

extern char** environ;

namespace nmn::bridge {
namespace {

// The descriptor that python/nmn/worker.py has its socket at.
constexpr int kChannel = 3;
// Descriptors from here on are out of the way of those that a new process gets.
constexpr int kFirstFree = 10;

// A process that ends closes its socket first; this much later it is over, or it closed it for another reason.
constexpr std::chrono::milliseconds kBetweenSocketAndEnd(2000);

// A core that has gone to sleep takes some 50 us to wake up, as long as a step of some twenty environments takes. So an
// answer that is likely to come within this time is asked for again and again; whoever else wants the core has it.
constexpr std::chrono::microseconds kWorthAsking(200);

// What the process says first.
constexpr char kRuns = '+';

// Lets python/ be imported from what comes over the socket, and runs nmn.worker. The second line stands before any
// import: the working directory is not where modules come from. What the worker itself needs comes before the folders
// of PYTHONPATH count, as a file there may have the name of one of Python's own modules.
constexpr char kBootstrap[] = R"(import sys
folders = [p for p in sys.path if p]
sys.path[:] = folders
import os
of_user = os.environ.get("PYTHONPATH", "").split(os.pathsep)
sys.path[:] = [p for p in folders if p not in of_user or p.startswith(os.path.dirname(os.__file__))]
import importlib.abc, importlib.util, json, random, traceback
os.write(3, b"+")
start = json.loads(open(3, "rb", closefd=False).readline())
class Embedded(importlib.abc.ExecutionLoader, importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name in start["modules"] else None
    def is_package(self, name):
        return name == "nmn"
    def get_source(self, name):
        return start["modules"][name]["text"]
    def get_filename(self, name):
        return start["modules"][name]["file"]
sys.meta_path.insert(0, Embedded())
import nmn.worker
sys.path[:] = folders
nmn.worker.main(start["order"])
)";

// Waits for the end of whoever holds the other end of its stdin, and leaves no process of the group.
constexpr char kGuardian[] = R"(read -r line; kill -s KILL -- "-$1" 2> /dev/null)";

// Of sums that must not depend on how many threads a machine has, and of sets that must not on chance. What the user's
// environment says comes first.
constexpr std::array<const char*, 4> kDefaults = {"PYTHONHASHSEED=0", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1",
                                                  "MKL_NUM_THREADS=1"};

std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (const std::string variable : kDefaults) {
    if (std::getenv(variable.substr(0, variable.find('=')).c_str()) == nullptr) variables.push_back(variable);
  }
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A pair of connected descriptors, neither of them among those that a new process gets.
struct Ends {
  fs::Descriptor ours{-1}, theirs{-1};
};

fs::Descriptor OutOfTheWay(int descriptor) {
  const fs::Descriptor first(descriptor);
  return fs::Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstFree));
}

absl::StatusOr<Ends> Connect(bool pipe) {
  std::array<int, 2> ends;
  const int made =
      pipe ? pipe2(ends.data(), O_CLOEXEC) : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  if (made != 0) return fs::SystemError("connect", "a worker", errno);
  // Of a pipe the first is the end to read.
  Ends connected{OutOfTheWay(ends[1]), OutOfTheWay(ends[0])};
  if (!connected.ours.ok() || !connected.theirs.ok()) return fs::SystemError("connect", "a worker", EMFILE);
  return connected;
}

// In a process group of its own, with the signals of a fresh process. `inherited`: pairs of our descriptor and its
// number there. 0, or an errno.
int Spawn(std::vector<std::string> arguments, const std::vector<std::pair<int, int>>& inherited, int* pid) {
  std::vector<std::string> variables = Environment();
  const std::vector<char*> argv = Pointers(arguments), envp = Pointers(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  for (const auto& [ours, theirs] : inherited) posix_spawn_file_actions_adddup2(&actions, ours, theirs);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawnp(pid, argv[0], &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

std::string StartMessage(const PythonTask& task) {
  nlohmann::json message = {{"order", {{"task", task.task}, {"horizon", task.horizon}}}};
  for (const EmbeddedModule& module : EmbeddedModules())
    message["modules"][std::string(module.name)] = {{"file", module.file}, {"text", module.text}};
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string EndOf(const siginfo_t& end) {
  if (end.si_code == CLD_EXITED) return absl::StrCat("its process ended with exit code ", end.si_status);
  const char* hint = end.si_status == SIGKILL ? "; if nobody did that, memory ran out" : "";
  return absl::StrCat("its process was killed by signal ", end.si_status, " (", strsignal(end.si_status), ")", hint);
}

}  // namespace

PythonProcess::PythonProcess(std::string python, int pid, fs::Descriptor socket, fs::Descriptor pid_fd,
                             const Interruption& interruption)
    : python_(std::move(python)),
      pid_(pid),
      socket_(std::move(socket)),
      pid_fd_(std::move(pid_fd)),
      interruption_(interruption) {}

absl::StatusOr<std::unique_ptr<PythonProcess>> PythonProcess::Start(const PythonTask& task,
                                                                    const Interruption& interruption) {
  absl::StatusOr<Ends> ends = Connect(false);
  if (!ends.ok()) return ends.status();
  const std::string python = task.python.empty() ? "python3" : task.python;
  int pid = -1;
  const int error = Spawn({python, "-c", kBootstrap, task.task}, {{ends->theirs.get(), kChannel}}, &pid);
  if (error != 0)
    return fs::StartError(absl::StrCat(python, " (--python)"), error,
                          task.python.empty() ? "there is no python3 on PATH; name one with --python=FILE" : "");
  auto process = std::unique_ptr<PythonProcess>(
      new PythonProcess(python, pid, std::move(ends->ours),
                        fs::Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))), interruption));
  if (!process->pid_fd_.ok()) return fs::SystemError("watch", "a worker", errno);
  if (const absl::Status status = process->StartGuardian(); !status.ok()) return status;
  ends->theirs.Close();
  // It does not matter if the process has ended: whoever reads its answer hears of the end.
  (void)process->Send(StartMessage(task));
  return process;
}

absl::Status PythonProcess::StartGuardian() {
  absl::StatusOr<Ends> ends = Connect(true);
  if (!ends.ok()) return ends.status();
  const int error = Spawn({"/bin/sh", "-c", kGuardian, "nmn-guardian", absl::StrCat(pid_)},
                          {{ends->theirs.get(), STDIN_FILENO}}, &guardian_);
  if (error != 0) return fs::StartError("the guardian of a worker, /bin/sh", error);
  lifeline_ = std::make_unique<fs::Descriptor>(std::move(ends->ours));
  return absl::OkStatus();
}

PythonProcess::~PythonProcess() {
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);  // in case the task has left its group
  // The guardian first: the number of the group is free for others once its leader has been waited for.
  lifeline_.reset();
  if (guardian_ > 0) process::ReapKilled(guardian_);
  if (!process::ReapKilled(pid_))
    spdlog::warn("the worker of a task, process {}, was killed and does not end: it is frozen or waits for a disk",
                 pid_);
}

absl::Status PythonProcess::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = fs::Retry([&] { return send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (sent < 0) return Ended();
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status PythonProcess::SendDescriptor(int descriptor) {
  char byte = 0;
  iovec content{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  return fs::Retry([&] { return sendmsg(socket_.get(), &message, MSG_NOSIGNAL); }) < 0 ? Ended() : absl::OkStatus();
}

// A process that the task forked may hold the socket open, so its end is no sign of the worker's.
absl::Status PythonProcess::WaitForBytes(std::chrono::milliseconds limit) {
  // A negative descriptor is not looked at.
  std::array<pollfd, 3> waits = {pollfd{socket_.get(), POLLIN, 0}, pollfd{pid_fd_.get(), POLLIN, 0},
                                 pollfd{interruption_.descriptor(), POLLIN, 0}};
  const int ready = fs::Retry([&] { return poll(waits.data(), waits.size(), static_cast<int>(limit.count())); });
  if (ready < 0) return fs::SystemError("wait for", "a worker", errno);
  if (ready == 0) {
    return absl::DeadlineExceededError(absl::StrCat("no answer for ", static_cast<double>(limit.count()) / 1000, " s"));
  }
  // What it said last is read before its end is.
  if ((waits[0].revents & POLLIN) != 0) return absl::OkStatus();
  return waits[2].revents != 0 ? absl::CancelledError("interrupted") : Ended();
}

absl::StatusOr<char> PythonProcess::ReadByte(std::chrono::milliseconds limit) {
  const auto start = std::chrono::steady_clock::now();
  const auto waited = [&] { return std::chrono::steady_clock::now() - start; };
  char byte = 0;
  if (last_wait_ < kWorthAsking) {
    do {
      if (recv(socket_.get(), &byte, 1, MSG_DONTWAIT) == 1) {
        last_wait_ = waited();
        return byte;
      }
      sched_yield();
    } while (waited() < kWorthAsking);
  }
  if (const absl::Status status = WaitForBytes(limit); !status.ok()) return status;
  last_wait_ = waited();
  if (fs::Retry([&] { return recv(socket_.get(), &byte, 1, 0); }) != 1) return Ended();
  return byte;
}

absl::Status PythonProcess::WaitUntilItRuns(std::chrono::milliseconds limit) {
  const absl::StatusOr<char> sign = ReadByte(limit);
  if (sign.ok() && *sign == kRuns) return absl::OkStatus();
  if (!sign.ok() && !absl::IsUnavailable(sign.status())) return sign.status();
  const std::string seen = sign.ok() ? "it is no Python" : std::string(sign.status().message());
  return absl::FailedPreconditionError(absl::StrCat(
      python_, " cannot run a program (", seen,
      ", before it read the task); name a Python that works with --python, and look at PYTHONHOME and its like"));
}

absl::StatusOr<std::string> PythonProcess::ReadLine(std::chrono::milliseconds limit) {
  std::string line;
  std::array<char, 4096> part;
  // Nothing follows a line before we have answered it.
  while (line.empty() || line.back() != '\n') {
    if (const absl::Status status = WaitForBytes(limit); !status.ok()) return status;
    const ssize_t read = fs::Retry([&] { return recv(socket_.get(), part.data(), part.size(), 0); });
    if (read <= 0) return Ended();
    line.append(part.data(), static_cast<size_t>(read));
  }
  line.pop_back();
  return line;
}

// How the process ended, which closed its socket. Leaves it to be waited for.
absl::Status PythonProcess::Ended() {
  WaitForEnd(kBetweenSocketAndEnd);
  siginfo_t end{};
  if (fs::Retry([&] { return waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT | WNOHANG); }) != 0)
    return fs::SystemError("wait for", "a worker", errno);
  if (end.si_pid == 0) return absl::UnavailableError("its process closed its socket");
  return absl::UnavailableError(EndOf(end));
}

void PythonProcess::Finish() { shutdown(socket_.get(), SHUT_WR); }

void PythonProcess::WaitForEnd(std::chrono::milliseconds limit) {
  pollfd wait{pid_fd_.get(), POLLIN, 0};
  fs::Retry([&] { return poll(&wait, 1, static_cast<int>(limit.count())); });
}

}  // namespace nmn::bridge
