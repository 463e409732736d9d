#include "actor/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace nmn::actor {
namespace {

TEST(SampleActions, AddsNoiseScaledByTheDeviation) {
  const size_t lanes = 37;
  std::vector<float> mean(lanes), log_variance(lanes), noise(lanes), u(lanes);
  for (size_t i = 0; i < lanes; ++i) {
    mean[i] = 0.1f * i;
    log_variance[i] = -8.0f + 0.3f * i;
    noise[i] = i % 2 ? 1.3f : -0.7f;
  }
  ASSERT_TRUE(SampleActions(mean.data(), log_variance.data(), noise.data(), lanes, u.data()));
  for (size_t i = 0; i < lanes; ++i) {
    const double expected = mean[i] + std::exp(double{log_variance[i]} / 2) * noise[i];
    EXPECT_NEAR(u[i], expected, 1e-6 * std::max(1.0, std::abs(expected)));
  }
}

TEST(SampleActions, WithoutNoiseIsTheMean) {
  const std::vector<float> mean{1.0f, -2.5f, 3.25f};
  std::vector<float> u(3);
  ASSERT_TRUE(SampleActions(mean.data(), nullptr, nullptr, 3, u.data()));
  EXPECT_EQ(u, mean);
}

TEST(SampleActions, SaysSoWhereAnyActionIsNotFinite) {
  for (size_t lane = 0; lane < 21; ++lane) {
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      std::vector<float> mean(21, 0.5f), u(21);
      mean[lane] = bad;
      EXPECT_FALSE(SampleActions(mean.data(), nullptr, nullptr, 21, u.data())) << lane;
    }
  }
}

}  // namespace
}  // namespace nmn::actor
