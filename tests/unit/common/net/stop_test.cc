#include "common/sync/stop.h"

#include <gtest/gtest.h>

#include <thread>

namespace nmn {
namespace {

TEST(Stop, ADefaultTokenNeverStops) { EXPECT_FALSE(StopToken().stop_requested()); }

TEST(Stop, EveryTokenSeesIt) {
  StopSource source;
  const StopToken before = source.token();
  source.RequestStop();
  EXPECT_TRUE(before.stop_requested());
  EXPECT_TRUE(before.flag()->load());
  EXPECT_TRUE(source.token().stop_requested());
}

TEST(Stop, WakesWhoWaits) {
  StopSource source;
  std::thread waiter([token = source.token()] { token.Wait(); });
  source.RequestStop();
  waiter.join();
}

TEST(Stop, AWaitEndsAtItsDeadline) {
  EXPECT_FALSE(StopToken().WaitUntil(std::chrono::steady_clock::now() + std::chrono::milliseconds(1)));
}

TEST(Stop, CallsBackOnce) {
  StopSource source;
  int calls = 0;
  const StopCallback callback(source.token(), [&] { ++calls; });
  source.RequestStop();
  source.RequestStop();
  EXPECT_EQ(calls, 1);
}

TEST(Stop, CallsBackAtOnceWhenAlreadyStopped) {
  StopSource source;
  source.RequestStop();
  int calls = 0;
  const StopCallback callback(source.token(), [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(Stop, ADestroyedCallbackIsNotCalled) {
  StopSource source;
  int calls = 0;
  {
    const StopCallback callback(source.token(), [&] { ++calls; });
  }
  source.RequestStop();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace nmn
