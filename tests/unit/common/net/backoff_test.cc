#include "common/net/backoff.h"

#include <gtest/gtest.h>

namespace nmn::net {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, StaysBelowADoublingCeilingUpToTheLongest) {
  Backoff backoff(7);
  milliseconds ceiling(100);
  for (int i = 0; i < 20; ++i) {
    const milliseconds delay = backoff.Next();
    EXPECT_GE(delay.count(), 0);
    EXPECT_LT(delay, ceiling);
    ceiling = std::min(ceiling * 2, milliseconds(5000));
  }
}

TEST(Backoff, UsesTheWholeRange) {
  Backoff backoff(1, milliseconds(1000), milliseconds(1000));
  int low = 0;
  for (int i = 0; i < 1000; ++i) low += backoff.Next() < milliseconds(500);
  EXPECT_NEAR(low, 500, 80);  // 5 standard deviations
}

TEST(Backoff, IsDeterministicForASeedAndDiffersBetweenSeeds) {
  Backoff a(3), b(3), c(4);
  bool differs = false;
  for (int i = 0; i < 10; ++i) {
    const milliseconds delay = a.Next();
    EXPECT_EQ(delay, b.Next());
    differs |= delay != c.Next();
  }
  EXPECT_TRUE(differs);
}

TEST(Backoff, ResetBeginsAgainAtTheShortest) {
  Backoff backoff(5);
  for (int i = 0; i < 10; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LT(backoff.Next(), milliseconds(100));
}

}  // namespace
}  // namespace nmn::net
