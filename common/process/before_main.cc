#include "common/process/before_main.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/exit_code/exit_code.h"
#include "common/sync/last_words.h"
#include "common/sync/stop_signals.h"

// No library is initialised here, libc's environment included: system calls, and functions that need no state.

namespace nmn::process {
namespace {

constexpr uint64_t kMiB = 1 << 20;
// Measured with the libraries of Debian 12, over what is mapped when the first code runs: what the initialisers of
// LibTorch and its BLAS, and of gRPC, map at most.
constexpr uint64_t kWithBlas = 288 * kMiB, kWithoutBlas = 32 * kMiB;
// LibTorch's initialisers crash with 96 KiB.
constexpr uint64_t kStack = 256 * 1024;

struct sigaction parents_interrupt {};
bool watches_interrupt = false;
// The exit code of a program whose work a signal stops, if the signal comes before the work; -1: it has no such work.
int early_code = -1;

// One line, of at most 512 bytes.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    const size_t taken = std::min(text.size(), line_.size() - size_);
    std::copy_n(text.data(), taken, line_.data() + size_);
    size_ += taken;
    return *this;
  }
  Line& operator<<(uint64_t number) {
    std::array<char, 20> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return *this << std::string_view(digits.data(), static_cast<size_t>(end - digits.data()));
  }
  [[noreturn]] void End(int code = kExitRetry) {
    *this << "\n";
    SayLastWords({line_.data(), size_});
    _exit(code);
  }

 private:
  std::array<char, 512> line_{};
  size_t size_ = 0;
};

// What counts towards a limit: all that is mapped (RLIMIT_AS), or what can be written to (RLIMIT_DATA).
struct Mapped {
  uint64_t all = 0, data = 0;  // bytes
};

// The first and the sixth number of /proc/self/statm; 0 if there is no /proc.
Mapped MappedBytes() {
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Mapped();
  std::array<char, 128> text{};
  const ssize_t size = read(fd, text.data(), text.size());
  close(fd);
  std::array<uint64_t, 6> pages{};
  const char* at = text.data();
  const char* const end = at + std::max<ssize_t>(size, 0);
  for (uint64_t& number : pages) {
    at = std::from_chars(at, end, number).ptr;
    if (at < end) ++at;  // a space
  }
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return {pages[0] * page, pages[5] * page};
}

// How many threads OpenBLAS has: one a core that this process may use, unless its variables say less.
uint64_t BlasThreads(char** environment) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  uint64_t threads = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? static_cast<uint64_t>(CPU_COUNT(&cores)) : 1;
  for (const std::string_view name : {"OPENBLAS_NUM_THREADS=", "GOTO_NUM_THREADS=", "OMP_NUM_THREADS="}) {
    for (char** entry = environment; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      if (text.substr(0, name.size()) != name) continue;
      uint64_t said = 0;
      std::from_chars(text.data() + name.size(), text.data() + text.size(), said);
      if (said > 0) threads = std::min(threads, said);
    }
  }
  return threads;
}

void CheckStack(std::string_view program, const rlimit& stack) {
  if (stack.rlim_cur >= kStack) return;
  Line line;
  line << program << ": the stack may have " << stack.rlim_cur / 1024 << " KiB and needs " << kStack / 1024
       << "; raise the limit, e.g. ulimit -s 8192";
  line.End();
}

// `what`: of the kind that `resource` limits, of which `mapped` bytes are there by now.
void CheckMemory(std::string_view program, decltype(RLIMIT_AS) resource, std::string_view what, uint64_t mapped,
                 const rlimit& stack, char** environment) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  uint64_t need = mapped;
  if (dlsym(RTLD_DEFAULT, "sgemm_") == nullptr) {
    need += kWithoutBlas;
  } else {
    need += kWithBlas + (BlasThreads(environment) - 1) * (kThreadArena + ThreadStack(stack));
  }
  if (limit.rlim_cur >= need) return;
  Line line;
  line << program << ": this process may have " << limit.rlim_cur / 1024 << " KiB of " << what << " and needs "
       << need / 1024 << " to load its libraries; raise the limit";
  line.End();
}

// Training and sweeps say with their code that they were stopped, and an actor that it has nothing to lose.
int EarlyCode(std::string_view program, int count, char** arguments) {
  if (program == "nmn-actor") return kExitDone;
  const std::string_view verb = program == "nmn" && count > 1 ? arguments[1] : "";
  return program == "nmn-learner" || verb == "train" || verb == "sweep" ? kExitInterrupted : -1;
}

void OnEarlyStop(int /*signal*/) {
  Line line;
  line << "stopped while starting, nothing is lost; start it again as it was called";
  line.End(early_code);
}

void StopEarlyBy(int signal) {
  struct sigaction action {};
  action.sa_handler = OnEarlyStop;
  sigaction(signal, &action, nullptr);
}

// OpenBLAS raises SIGINT if it cannot start a thread. Somebody's Ctrl-C comes from elsewhere.
void OnInterrupt(int signal, siginfo_t* info, void* /*context*/) {
  if (info->si_code == SI_TKILL && info->si_pid == getpid()) {
    Line line;
    line << "nmn: a library cannot start its threads: the limit of processes is reached (ulimit -u, pids.max of the "
            "cgroup): raise it; or a stack for each does not fit into memory (ulimit -s): lower that";
    line.End();
  }
  if (parents_interrupt.sa_handler == SIG_IGN) return;
  MainIsReached();
  kill(getpid(), signal);
}

[[maybe_unused]] void Check(int count, char** arguments, char** environment) {
  std::string_view program = count > 0 ? arguments[0] : "nmn";
  program.remove_prefix(program.find_last_of('/') + 1);
  rlimit stack{};
  if (getrlimit(RLIMIT_STACK, &stack) != 0) return;
  CheckStack(program, stack);
  const Mapped mapped = MappedBytes();
  CheckMemory(program, RLIMIT_AS, "address space (ulimit -v)", mapped.all, stack, environment);
  CheckMemory(program, RLIMIT_DATA, "memory to write to (ulimit -d)", mapped.data, stack, environment);
  early_code = EarlyCode(program, count, arguments);
  for (const int signal : kStopSignals) {
    struct sigaction parents {};
    sigaction(signal, nullptr, &parents);
    if (early_code >= 0 && signal != SIGINT && parents.sa_handler != SIG_IGN) StopEarlyBy(signal);
  }
  watches_interrupt = sigaction(SIGINT, nullptr, &parents_interrupt) == 0;
  struct sigaction action {};
  action.sa_sigaction = OnInterrupt;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGINT, &action, nullptr);
}

// A sanitizer is not there yet either, and what it instruments needs it.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
using Initialiser = void (*)(int, char**, char**);
[[gnu::section(".preinit_array"), gnu::used]] const Initialiser first_code = Check;
#endif

}  // namespace

void MainIsReached() {
  if (!watches_interrupt) return;
  sigaction(SIGINT, &parents_interrupt, nullptr);
  if (early_code >= 0 && parents_interrupt.sa_handler != SIG_IGN) StopEarlyBy(SIGINT);
}

}  // namespace nmn::process
