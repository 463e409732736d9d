#include "tests/support/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

extern char** environ;

namespace nmn::testing {
namespace {

constexpr int kPollMilliseconds = 5;
constexpr char kMetricsVariable[] = "NMN_METRICS=";
constexpr char kAnyMetricsPort[] = "NMN_METRICS=127.0.0.1:0";

std::string NewFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "nmn-test.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  return pattern;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Subprocess::Subprocess(std::vector<std::string> arguments, std::vector<std::string> environment)
    : folder_(NewFolder()) {
  const bool sets_metrics = std::any_of(environment.begin(), environment.end(),
                                        [](const std::string& e) { return e.rfind(kMetricsVariable, 0) == 0; });
  if (!sets_metrics) environment.emplace_back(kAnyMetricsPort);
  for (char** e = environ; *e != nullptr; ++e) environment.emplace_back(*e);
  std::vector<char*> argv = Pointers(arguments);
  std::vector<char*> envp = Pointers(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, (folder_ + "/out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (folder_ + "/err").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  // However the tests themselves were started, e.g. with nohup.
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGTERM}) sigaddset(&defaults, signal);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  if (posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), envp.data()) != 0) {
    ADD_FAILURE() << "cannot start " << argv[0];
    pid_ = -1;
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), code_(other.code_), folder_(std::exchange(other.folder_, "")) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(code_, other.code_);
  std::swap(folder_, other.folder_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

void Subprocess::Signal(int signal) {
  if (pid_ > 0) kill(pid_, signal);
}

bool Subprocess::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

bool Subprocess::EndsWithin(std::chrono::milliseconds limit) {
  if (!running()) return true;
  // A pidfd becomes readable when its process ends.
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd wait{fd, POLLIN, 0};
  poll(&wait, 1, static_cast<int>(limit.count()));
  close(fd);
  return !running();
}

int Subprocess::Wait(std::chrono::seconds limit) {
  if (EndsWithin(limit)) return code_;
  ADD_FAILURE() << "process " << pid_ << " did not end within " << limit.count() << " s; its stderr:\n" << err();
  Signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return -1;
}

uint64_t Subprocess::PeakMemoryBytes() const {
  std::istringstream lines(ReadFile("/proc/" + std::to_string(pid_) + "/status"));
  const std::string key = "VmHWM:";
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key, 0) == 0) return std::stoull(line.substr(key.size())) << 10;
  }
  return 0;
}

bool Subprocess::WaitForOutput(const std::string& text, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const bool alive = running();
    if (err().find(text) != std::string::npos || out().find(text) != std::string::npos) return true;
    if (!alive || std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, kPollMilliseconds);
  }
}

std::string Subprocess::out() const { return ReadFile(folder_ + "/out"); }
std::string Subprocess::err() const { return ReadFile(folder_ + "/err"); }

Outcome RunProcess(std::vector<std::string> arguments, std::chrono::seconds limit,
                   std::vector<std::string> environment) {
  Subprocess process(std::move(arguments), std::move(environment));
  Outcome outcome;
  outcome.code = process.Wait(limit);
  outcome.out = process.out();
  outcome.err = process.err();
  return outcome;
}

std::string Binary(const std::string& name) { return NMN_BINARY_DIRECTORY "/" + name; }

TemporaryDirectory::TemporaryDirectory() : path_(NewFolder()) {}
TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace nmn::testing
