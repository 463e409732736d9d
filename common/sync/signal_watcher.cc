#include "common/sync/signal_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace nmn {

SignalWatcher::SignalWatcher(std::function<void(int)> on_signal, std::string last_words)
    : on_signal_(std::move(on_signal)), last_words_(std::move(last_words) + "\n") {
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGINT);
  sigaddset(&watched, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &watched, &previous_mask_);
  signal_fd_ = signalfd(-1, &watched, SFD_CLOEXEC);
  wake_fd_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { Watch(); });
}

SignalWatcher::~SignalWatcher() {
  eventfd_write(wake_fd_, 1);
  thread_.join();
  close(signal_fd_);
  close(wake_fd_);
  pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

void SignalWatcher::Watch() {
  bool called = false;
  while (true) {
    pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;  // EINTR
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    if (read(signal_fd_, &info, sizeof(info)) != sizeof(info)) continue;
    if (!called) {
      called = true;
      on_signal_(static_cast<int>(info.ssi_signo));
    } else if (info.ssi_signo == SIGINT) {
      [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, last_words_.data(), last_words_.size());
      _exit(128 + SIGINT);
    }
  }
}

}  // namespace nmn
