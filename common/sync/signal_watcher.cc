#include "common/sync/signal_watcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include "common/sync/last_words.h"
#include "common/sync/stop_signals.h"

namespace nmn {
namespace {

// Where the handler writes the signal's number, one byte each; -1 while there is no watcher. A zero byte ends the
// watcher's thread.
std::atomic<int> pipe_to_watcher{-1};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler reads it");

void Handle(int signal) {
  const int saved = errno;
  // A job in the background of a terminal that stops those who write (stty tostop) could not say its last words.
  std::signal(SIGTTOU, SIG_IGN);
  const char byte = static_cast<char>(signal);
  [[maybe_unused]] const ssize_t written = write(pipe_to_watcher.load(), &byte, 1);
  errno = saved;
}

}  // namespace

SignalWatcher::SignalWatcher(std::function<void(int)> on_signal, std::string last_words)
    : on_signal_(std::move(on_signal)), last_words_(std::move(last_words) + "\n") {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return;  // out of file descriptors: signals keep their default, which ends the process
  read_fd_ = fds[0];
  pipe_to_watcher = fds[1];
  thread_ = std::thread([this] { Watch(); });
  struct sigaction action {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  // Handlers that interrupt each other would write in the wrong order.
  sigemptyset(&action.sa_mask);
  for (const int signal : kStopSignals) sigaddset(&action.sa_mask, signal);
  for (const int signal : kStopSignals) {
    struct sigaction inherited {};
    sigaction(signal, nullptr, &inherited);
    const bool always = signal == SIGINT || signal == SIGTERM;  // a shell's background job ignores SIGINT
    if (always || inherited.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

SignalWatcher::~SignalWatcher() {
  if (read_fd_ < 0) return;
  for (const int signal : kStopSignals) std::signal(signal, SIG_IGN);
  const char end = 0;
  [[maybe_unused]] const ssize_t written = write(pipe_to_watcher.load(), &end, 1);
  thread_.join();
  close(pipe_to_watcher.exchange(-1));
  close(read_fd_);
}

void SignalWatcher::Watch() {
  bool called = false;
  int interrupts = 0;
  while (true) {
    char signal = 0;
    const ssize_t got = read(read_fd_, &signal, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 || signal == 0) return;
    if (!std::exchange(called, true)) on_signal_(signal);
    if (signal == SIGINT && ++interrupts == 2) {
      SayLastWords(last_words_);
      _exit(128 + SIGINT);
    }
  }
}

}  // namespace nmn
