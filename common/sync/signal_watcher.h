#pragma once

#include <functional>
#include <string>
#include <thread>

namespace nmn {

// Turns each of kStopSignals into a call on a thread of its own, where anything may be done. One that the parent had
// set to be ignored (nohup) stays so, but for SIGINT and SIGTERM. Works whichever thread the kernel hands the signal
// to: libraries start threads before main (OpenBLAS), which a blocked mask would not cover. One in a process, for what
// a main does until it returns.
//
// After its end they are ignored until the process exits: the work is done by then, and a signal in the last
// moments must not turn its exit code into 143.
//
// The first signal calls back. A second SIGINT (Ctrl-C) ends the process at once with code 130, after `last_words` on
// stderr: say what is lost.
class SignalWatcher {
 public:
  SignalWatcher(std::function<void(int signal)> on_signal, std::string last_words);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void Watch();

  std::function<void(int)> on_signal_;
  std::string last_words_;
  int read_fd_ = -1;
  std::thread thread_;
};

}  // namespace nmn
