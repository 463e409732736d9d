#pragma once

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

namespace nmn {

// Puts the last line of a process that ends at once on stderr, if that takes it within a second: whoever reads it may
// have stopped to. A terminal that stops those who write from the background (stty tostop) stops it no more. Needs no
// state of a library: for a signal's handler, and before main.
inline void SayLastWords(std::string_view line) {
  constexpr int kMilliseconds = 1000;
  std::signal(SIGTTOU, SIG_IGN);
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (poll(&room, 1, kMilliseconds) <= 0) return;
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace nmn
