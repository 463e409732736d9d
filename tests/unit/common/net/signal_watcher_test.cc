#include "common/sync/signal_watcher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

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

TEST(SignalWatcher, RestoresTheSignalMask) {
  {
    SignalWatcher watcher([](int) {}, "");
  }
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

}  // namespace
}  // namespace nmn
