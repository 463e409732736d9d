#include "common/process/program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <latch>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "common/log/line_writer.h"
#include "common/log/log.h"
#include "common/process/before_main.h"
#include "common/process/proc_stat.h"
#include "common/process/stdout_buffer.h"
#include "common/text/counted.h"

namespace nmn::process {
namespace {

// `nmn train` that serves an actor has 18 open at most, measured on two cores; gRPC opens some more a core, and aborts
// or hangs where it gets none.
constexpr size_t kDescriptors = 40;
// Of gRPC and of the log, with some to spare: 17, measured on two cores.
constexpr size_t kLibraryThreads = 24;
// Of gRPC's client alone, with some to spare: 7, measured on two cores.
constexpr size_t kClientThreads = 12;
// glibc's malloc has an arena a thread up to so many a core, and one more while it aligns one: with the stacks
// nearly all that training maps beyond its libraries, measured with presets fast and reference.
constexpr uint64_t kArenasPerCore = 8;
// How long an end waits for a stderr that is slow, and training for a reader of stdout.
constexpr std::chrono::milliseconds kLastWords(1000);

const char* program_name = "nmn";
StdoutBuffer* stdout_buffer = nullptr;  // while Main runs
// Of descriptors 0 to 2: closed by the parent.
std::array<bool, 3> was_closed{};

// Descriptors are handed out from the lowest: what is opened next would become stdin, stdout or stderr. A stdout or
// stderr that cannot be written to is one that says so. In a root directory without /dev it is the directory itself.
void OpenStandardDescriptors() {
  for (int fd = 0; fd < static_cast<int>(was_closed.size()); ++fd) {
    was_closed[fd] = fcntl(fd, F_GETFD) < 0 && (open("/dev/null", O_RDONLY) == fd || open("/", O_PATH) == fd);
  }
}

size_t FreeDescriptors() {
  std::array<int, kDescriptors> opened{};
  size_t count = 0;
  while (count < kDescriptors && (opened[count] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0) ++count;
  for (size_t i = 0; i < count; ++i) close(opened[i]);
  return count;
}

absl::Status CheckDescriptors() {
  size_t room = FreeDescriptors();
  rlimit limit{};
  if (room < kDescriptors && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, limit.rlim_cur + kDescriptors);
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) room = FreeDescriptors();
  }
  if (room >= kDescriptors) return absl::OkStatus();
  return absl::ResourceExhaustedError("this process can open " + text::Counted(room, "file") + " and needs " +
                                      std::to_string(kDescriptors) + "; raise the limit, e.g. ulimit -n 1024");
}

[[noreturn]] void OnOutOfMemory() {
  std::set_new_handler(nullptr);
  EndAtOnce(kExitRetry, "out of memory; it ends at once, a run continues from its last checkpoint");
}

bool MayPass(const std::error_code& code) {
  for (const std::errc passing :
       {std::errc::resource_unavailable_try_again, std::errc::not_enough_memory, std::errc::too_many_files_open,
        std::errc::too_many_files_open_in_system, std::errc::no_space_on_device, std::errc::io_error}) {
    if (code == passing) return true;
  }
  return false;
}

// To be called where an exception is being handled.
[[noreturn]] void DieOfException() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    OnOutOfMemory();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      EndAtOnce(kExitRetry,
                "cannot start a thread: the limit of processes or of memory is reached (ulimit -u, ulimit -v)");
    EndAtOnce(MayPass(error.code()) ? kExitRetry : kExitPermanent, "error of the system: ", error.what());
  } catch (const std::exception& error) {
    EndAtOnce(kExitPermanent, "internal error: ", error.what());
  } catch (...) {
    EndAtOnce(kExitPermanent, "internal error: an exception of an unknown type");
  }
}

[[noreturn]] void OnTerminate() {
  if (std::current_exception() != nullptr) DieOfException();
  // A thread whose owner an exception swept away, or a call that may not throw and did.
  EndAtOnce(kExitRetry, "an error came at a moment when it cannot be handled: too few threads or too little memory?");
}

// gRPC, Abseil and others abort if malloc or mmap has no memory for them. Any other abort goes on as it is.
void OnAbort(int /*signal*/) {
  void* const more = mmap(nullptr, kThreadArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (more == MAP_FAILED) OnOutOfMemory();
  munmap(more, kThreadArena);
  // abort() would raise it again, and kill(1) would not.
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

absl::Status CheckAddressSpace(size_t own) {
  rlimit limit{}, stack{};
  const std::optional<ProcStat> now = ReadProcStat();
  if (!now || getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return absl::OkStatus();
  if (getrlimit(RLIMIT_STACK, &stack) != 0) stack.rlim_cur = RLIM_INFINITY;
  const uint64_t threads = own + kLibraryThreads;
  const uint64_t arenas =
      std::min<uint64_t>(threads, kArenasPerCore * std::max(1u, std::thread::hardware_concurrency()));
  const uint64_t need = now->virtual_bytes + threads * ThreadStack(stack) + (arenas + 1) * kThreadArena;
  if (limit.rlim_cur >= need) return absl::OkStatus();
  return absl::ResourceExhaustedError("this process may have " + std::to_string(limit.rlim_cur / 1024) +
                                      " KiB of address space (ulimit -v) and needs " + std::to_string(need / 1024) +
                                      " with its " + std::to_string(threads) +
                                      " threads; raise the limit, or limit memory by a cgroup instead");
}

// gRPC aborts without a word where it does not know the word of this variable.
absl::Status CheckPollStrategy() {
  const char* value = std::getenv("GRPC_POLL_STRATEGY");
  if (value == nullptr) return absl::OkStatus();
  for (const char* known : {"", "all", "epoll1", "poll"}) {
    if (std::string_view(value) == known) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(std::string("GRPC_POLL_STRATEGY is \"") + value +
                                    "\"; it must be all, epoll1 or poll, or not be set");
}

// The errno of what stdout did not take; 0 if it took all that was written to it.
int FlushStdout(const StdoutBuffer& buffer) {
  std::cout.flush();
  int error = buffer.error();
  // A file system that stores later, e.g. NFS, says at a close what it could not.
  if (const int copy = dup(STDOUT_FILENO); error == 0 && copy >= 0 && close(copy) != 0) error = errno;
  return error;
}

// Whether so many threads can run beside this one.
absl::Status TryThreads(size_t count) {
  std::latch all_there(1);
  std::vector<std::jthread> threads;
  threads.reserve(count);
  absl::Status status;
  try {
    while (threads.size() < count) threads.emplace_back([&all_there] { all_there.wait(); });
  } catch (const std::system_error&) {
    status = absl::ResourceExhaustedError(
        "this process can start " + text::Counted(threads.size(), "thread") + " and needs " + std::to_string(count) +
        "; raise the limit of processes (ulimit -u, pids.max of the cgroup) or of memory (ulimit -v)");
  }
  all_there.count_down();
  return status;
}

}  // namespace

int Main(const char* program, const std::function<int()>& body) {
  MainIsReached();
  program_name = program;
  OpenStandardDescriptors();
  // LibTorch asks at its first operator whether to do without vectors, which rounds in another way: weights are a
  // function of config, seed, build and CPU type, and of no variable. Here no other thread reads the environment.
  unsetenv("ATEN_CPU_CAPABILITY");
  // What a parent blocked or ignored for itself would hold up every stop, and hide the end of every child.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGCHLD, SIG_DFL);
  // A file as large as the limit says (ulimit -f) is a write that fails, as on a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGABRT, OnAbort);
  std::set_terminate(OnTerminate);
  std::set_new_handler(OnOutOfMemory);
  for (const auto check : {CheckDescriptors, CheckPollStrategy}) {
    const absl::Status status = check();
    if (status.ok()) continue;
    log::SayError(program, status);
    return ExitCodeOf(status);
  }
  StdoutBuffer buffer(STDOUT_FILENO);
  std::streambuf* const standard = std::cout.rdbuf(&buffer);
  stdout_buffer = &buffer;
  int code = kExitDone;
  try {
    code = body();
  } catch (...) {
    DieOfException();
  }
  if (const int error = FlushStdout(buffer); error != 0 && code == kExitDone) {
    log::Say(std::string(program) +
             ": cannot write stdout: " + (error == EAGAIN ? "nobody reads it" : std::strerror(error)) + "\n");
    code = kExitRetry;
  }
  std::cout.rdbuf(standard);
  stdout_buffer = nullptr;
  log::Drain(kLastWords);
  return code;
}

void EndAtOnce(ExitCode code, std::string_view reason, std::string_view detail) {
  log::Drain(kLastWords);
  std::array<char, 512> line{};
  size_t size = 0;
  for (const std::string_view part : {std::string_view(program_name), std::string_view(": "), reason, detail}) {
    const size_t taken = std::min(part.size(), line.size() - 1 - size);
    for (size_t i = 0; i < taken; ++i) line[size++] = part[i] == '\n' ? ' ' : part[i];
  }
  line[size++] = '\n';
  log::WriteAll(STDERR_FILENO, {line.data(), size});
  _exit(code);
}

void OutliveReaders(Stdout holds) {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (!was_closed[fd] || (fd == STDOUT_FILENO && holds == Stdout::kResult)) continue;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0) null = memfd_create("nmn-output", MFD_CLOEXEC);  // no /dev: memory that nobody reads
    if (null < 0) continue;
    dup2(null, fd);
    close(null);
  }
  log::WriteFromAThread();
  if (stdout_buffer != nullptr) stdout_buffer->GiveUpAfter(kLastWords);
}

absl::Status CheckThreads(size_t own) { return TryThreads(own + kLibraryThreads); }

absl::Status CheckClientThreads() { return TryThreads(kClientThreads); }

absl::Status CheckRoomToTrain(size_t own) {
  if (!ReadProcStat()) {
    return absl::FailedPreconditionError(
        "/proc is not mounted, and training needs it: LibTorch reads the processor from it; mount -t proc proc /proc");
  }
  const absl::Status room = CheckAddressSpace(own);
  return room.ok() ? CheckThreads(own) : room;
}

}  // namespace nmn::process
