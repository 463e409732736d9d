#include "learner/ppo/critic_health.h"

#include <gtest/gtest.h>

#include <limits>

namespace nmn::ppo {
namespace {

TEST(BlindCritic, IsCountedWhileItExplainsLessThanATwentieth) {
  EXPECT_EQ(CountBlind(0, 0.0499), 1u);
  EXPECT_EQ(CountBlind(49, -3), 50u);
  EXPECT_EQ(CountBlind(49, 0.05), 0u);
  EXPECT_EQ(CountBlind(49, std::numeric_limits<double>::quiet_NaN()), 0u);
}

}  // namespace
}  // namespace nmn::ppo
