#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <thread>

namespace nmn {

// Turns SIGINT and SIGTERM into a call on a thread of its own, where anything may be done. Works whichever thread the
// kernel hands the signal to: libraries start threads before main (OpenBLAS), which a blocked mask would not cover. One
// at a time in a process.
//
// The first signal calls back. A second Ctrl-C ends the process at once with code 130, after `last_words` on stderr:
// say what is lost.
class SignalWatcher {
 public:
  SignalWatcher(std::function<void(int signal)> on_signal, std::string last_words);
  ~SignalWatcher();  // the signals do again what they did before
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void Watch();

  std::function<void(int)> on_signal_;
  std::string last_words_;
  struct sigaction previous_interrupt_;
  struct sigaction previous_terminate_;
  int read_fd_ = -1;
  std::thread thread_;
};

}  // namespace nmn
