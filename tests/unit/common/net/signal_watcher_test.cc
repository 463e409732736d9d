#include "common/sync/signal_watcher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "common/sync/stop.h"

namespace nmn {
namespace {

TEST(SignalWatcher, CallsBackOnSigterm) {
  StopSource stop;
  int seen = 0;
  SignalWatcher watcher(
      [&](int signal) {
        seen = signal;
        stop.RequestStop();
      },
      "lost");
  kill(getpid(), SIGTERM);
  stop.token().Wait();
  EXPECT_EQ(seen, SIGTERM);
}

TEST(SignalWatcher, CallsBackOnSighup) {
  std::signal(SIGHUP, SIG_DFL);  // an earlier watcher left it ignored
  StopSource stop;
  SignalWatcher watcher([&](int) { stop.RequestStop(); }, "lost");
  kill(getpid(), SIGHUP);
  stop.token().Wait();
}

void HangUpUnderNohup() {
  std::signal(SIGHUP, SIG_IGN);
  SignalWatcher watcher([](int signal) { std::exit(signal); }, "lost");
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGTERM);
  StopToken().Wait();
}

TEST(SignalWatcherDeathTest, ASighupThatWasIgnoredBeforeStaysIgnored) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(HangUpUnderNohup(), testing::ExitedWithCode(SIGTERM), "");
}

void InterruptTwice() {
  StopSource stop;
  SignalWatcher watcher([&](int) { stop.RequestStop(); }, "the work since the last checkpoint is lost");
  kill(getpid(), SIGINT);
  stop.token().Wait();
  kill(getpid(), SIGINT);
  StopToken().Wait();
}

TEST(SignalWatcherDeathTest, ASecondInterruptEndsAtOnceAndSaysWhatIsLost) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(InterruptTwice(), testing::ExitedWithCode(130), "since the last checkpoint is lost");
}

// OpenBLAS starts threads before main; a signal to the process may be handed to any thread that does not block it.
TEST(SignalWatcher, CallsBackWhenAnotherThreadGetsTheSignal) {
  StopSource begin, stop;
  std::thread older([&begin, token = stop.token()] {
    begin.RequestStop();
    token.Wait();
  });
  begin.token().Wait();
  SignalWatcher watcher([&](int) { stop.RequestStop(); }, "lost");
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
