#include "common/sync/stop.h"

#include <gtest/gtest.h>

#include <thread>

namespace nmn {
namespace {

using std::chrono::steady_clock;

TEST(WaitForStop, IsWoken) {
  std::stop_source source;
  std::thread waiter([token = source.get_token()] { WaitForStop(token); });
  source.request_stop();
  waiter.join();
}

TEST(WaitForStop, ReturnsAtOnceWhereItWasStoppedBefore) {
  std::stop_source source;
  source.request_stop();
  WaitForStop(source.get_token());
  EXPECT_TRUE(WaitForStopUntil(source.get_token(), steady_clock::time_point::min()));
}

TEST(WaitForStop, EndsAtItsDeadline) {
  const std::stop_source source;
  EXPECT_FALSE(WaitForStopUntil(source.get_token(), steady_clock::now() + std::chrono::milliseconds(1)));
}

TEST(WaitForStop, OfATokenWithoutSourceEndsAtItsDeadline) {
  EXPECT_FALSE(WaitForStopUntil(std::stop_token(), steady_clock::now() + std::chrono::milliseconds(1)));
}

TEST(WaitForStop, SeveralThreadsAreWokenByOneStop) {
  std::stop_source source;
  std::thread a([token = source.get_token()] { WaitForStop(token); });
  std::thread b([token = source.get_token()] { WaitForStop(token); });
  source.request_stop();
  a.join();
  b.join();
}

}  // namespace
}  // namespace nmn
