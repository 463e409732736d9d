#include "common/sync/signal_watcher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "common/sync/stop.h"

namespace nmn {
namespace {

TEST(SignalWatcher, CallsBackOnSigterm) {
  std::stop_source stop;
  int seen = 0;
  SignalWatcher watcher(
      [&](int signal) {
        seen = signal;
        stop.request_stop();
      },
      "lost");
  kill(getpid(), SIGTERM);
  WaitForStop(stop.get_token());
  EXPECT_EQ(seen, SIGTERM);
}

TEST(SignalWatcher, CallsBackOnSighup) {
  std::signal(SIGHUP, SIG_DFL);  // an earlier watcher left it ignored
  std::stop_source stop;
  SignalWatcher watcher([&](int) { stop.request_stop(); }, "lost");
  kill(getpid(), SIGHUP);
  WaitForStop(stop.get_token());
}

void HangUpUnderNohup() {
  std::signal(SIGHUP, SIG_IGN);
  SignalWatcher watcher([](int signal) { std::exit(signal); }, "lost");
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGTERM);
  WaitForStop(std::stop_token());
}

TEST(SignalWatcherDeathTest, ASighupThatWasIgnoredBeforeStaysIgnored) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(HangUpUnderNohup(), testing::ExitedWithCode(SIGTERM), "");
}

void InterruptTwice() {
  std::stop_source stop;
  SignalWatcher watcher([&](int) { stop.request_stop(); }, "the work since the last checkpoint is lost");
  kill(getpid(), SIGINT);
  WaitForStop(stop.get_token());
  kill(getpid(), SIGINT);
  WaitForStop(std::stop_token());
}

TEST(SignalWatcherDeathTest, ASecondInterruptEndsAtOnceAndSaysWhatIsLost) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(InterruptTwice(), testing::ExitedWithCode(130), "since the last checkpoint is lost");
}

// As after a stop of the process, or where a wrapper sends SIGTERM on Ctrl-C: one Ctrl-C is no second one.
void InterruptAndTerminateAtOnce() {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &both, nullptr);  // the watcher's thread inherits it
  std::stop_source stop;
  SignalWatcher watcher([&](int) { stop.request_stop(); }, "lost");
  kill(getpid(), SIGINT);
  kill(getpid(), SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &both, nullptr);
  WaitForStop(stop.get_token());
  kill(getpid(), SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // time to end, where it wrongly would
  std::exit(7);
}

TEST(SignalWatcherDeathTest, OneInterruptAmongOtherSignalsLosesNothing) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(InterruptAndTerminateAtOnce(), testing::ExitedWithCode(7), "");
}

// OpenBLAS starts threads before main; a signal to the process may be handed to any thread that does not block it.
TEST(SignalWatcher, CallsBackWhenAnotherThreadGetsTheSignal) {
  std::stop_source begin, stop;
  std::thread older([&begin, token = stop.get_token()] {
    begin.request_stop();
    WaitForStop(token);
  });
  WaitForStop(begin.get_token());
  SignalWatcher watcher([&](int) { stop.request_stop(); }, "lost");
  pthread_kill(older.native_handle(), SIGTERM);
  older.join();
  EXPECT_TRUE(stop.stop_requested());
}

void FinishWork(int signal) {
  {
    SignalWatcher watcher([](int) {}, "lost");
  }
  kill(getpid(), signal);
  std::exit(0);
}

TEST(SignalWatcherDeathTest, ASignalAfterItsEndLeavesTheExitCodeOfTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(FinishWork(SIGTERM), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(FinishWork(SIGINT), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(FinishWork(SIGHUP), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace nmn
