#include "learner/run/process_clock.h"

#include <gtest/gtest.h>

namespace nmn::run {
namespace {

TEST(ProcessClock, CountsFromTheStartOfTheProcess) {
  const double first = SecondsSinceProcessStart();
  const double second = SecondsSinceProcessStart();
  EXPECT_GE(first, 0.0);
  EXPECT_LT(first, 60.0);
  EXPECT_GE(second, first);
}

}  // namespace
}  // namespace nmn::run
