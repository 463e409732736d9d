// Splines and reward rates of `nmn analyse`, against closed forms and an independent computation in numpy.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/analysis/reward_rate.h"
#include "cli/analysis/spline.h"
#include "common/rng/philox.h"
#include "tests/support/python.h"
#include "tests/support/subprocess.h"

namespace nmn::analysis {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

// Uniform on [low, high), the same at each call.
std::vector<double> Uniform(size_t count, float low, float high, uint32_t stream) {
  std::vector<double> values(count);
  for (uint32_t i = 0; i < count; ++i)
    values[i] = rng::Uniform(rng::Draw({.episode = stream, .step = i}, rng::Purpose::kTask)[0], low, high);
  return values;
}

template <typename F>
std::vector<double> Map(const std::vector<double>& x, F f) {
  std::vector<double> y(x.size());
  std::transform(x.begin(), x.end(), y.begin(), f);
  return y;
}

TEST(RegressionSpline, ALineIsWhollyExplained) {
  const std::vector<double> x = Uniform(200, -10, 10, 1);
  const RegressionSpline spline = RegressionSpline::Natural(x);
  EXPECT_EQ(spline.coefficients(), 6u);
  EXPECT_NEAR(*spline.RSquared(Map(x, [](double u) { return 3 - 0.25 * u; })), 1, 1e-12);
}

// With knots at -2, -1, 0, 1, 2 and 3 the second differences of (|u| cubed) make a natural spline: it is linear beyond.
TEST(RegressionSpline, ANaturalSplineOfItsKnotsIsWhollyExplained) {
  std::vector<double> x;
  for (int i = 0; i <= 50; ++i) x.push_back(-2 + 0.1 * i);
  const auto bump = [](double u) {
    const auto cube = [](double v) { return v > 0 ? v * v * v : 0; };
    return cube(u + 2) - 3 * cube(u) +
           2 * cube(u - 1);  // sums of weights and of weighted knots are 0: linear at the end
  };
  EXPECT_NEAR(*RegressionSpline::Natural(x).RSquared(Map(x, bump)), 1, 1e-10);
}

TEST(RegressionSpline, WhatTheTaskDoesNotSayIsNotExplained) {
  std::vector<double> x, noise, sum;
  for (int i = 0; i < 100; ++i) {
    for (const double sign : {-1.0, 1.0}) {  // every x once with each
      x.push_back(i);
      noise.push_back(sign);
      sum.push_back(2.0 * i + sign);
    }
  }
  const RegressionSpline spline = RegressionSpline::Natural(x);
  EXPECT_NEAR(*spline.RSquared(noise), 0, 1e-12);
  const double explained = 4 * (100.0 * 100 - 1) / 12;  // variance of 2 i
  EXPECT_NEAR(*spline.RSquared(sum), explained / (explained + 1), 1e-12);
}

TEST(RegressionSpline, OfTwoValuesIsTheShareBetweenTheirMeans) {
  const std::vector<double> x = {0, 1, 0, 1, 1}, y = {1, 5, 3, 6, 7};
  const RegressionSpline spline = RegressionSpline::Natural(x);
  EXPECT_EQ(spline.coefficients(), 2u);
  EXPECT_THAT(spline.Fitted(y), ::testing::Pointwise(::testing::DoubleNear(1e-12), {2., 6., 2., 6., 6.}));
  EXPECT_NEAR(*spline.RSquared(y), 1 - 4 / 23.2, 1e-12);
}

TEST(RegressionSpline, AConstantHasNothingToExplain) {
  const std::vector<double> x = Uniform(50, -1, 1, 2);
  EXPECT_FALSE(RegressionSpline::Natural(x).RSquared(std::vector<double>(50, 0.1)).has_value());
  EXPECT_FALSE(RegressionSpline::Periodic(x, kTurn).RSquared(std::vector<double>(50, 0)).has_value());
  // All of one task.
  const std::vector<double> same(50, 3.0);
  EXPECT_NEAR(*RegressionSpline::Natural(same).RSquared(x), 0, 1e-12);
}

TEST(RegressionSpline, OfAnAngleGoesOnAcrossItsPeriod) {
  const std::vector<double> x = Uniform(400, -3, 3.2f, 3);
  const std::vector<double> turned = Map(x, [](double u) { return u + 3 * kTurn; });
  const RegressionSpline spline = RegressionSpline::Periodic(x, kTurn);
  EXPECT_EQ(spline.coefficients(), 6u);
  for (const double phase : {0.0, 1.0, 2.5}) {
    const std::vector<double> y = Map(x, [&](double u) { return std::cos(u - phase); });
    EXPECT_GT(*spline.RSquared(y), 0.999);
    EXPECT_NEAR(*RegressionSpline::Periodic(turned, kTurn).RSquared(y), *spline.RSquared(y), 1e-9);
  }
  // What jumps at the seam is a line to the natural spline alone.
  EXPECT_LT(*spline.RSquared(x), 0.97);
  EXPECT_NEAR(*RegressionSpline::Natural(x).RSquared(x), 1, 1e-12);
}

TEST(RegressionSpline, IsWhatNumpyComputesFromCardinalSplines) {
  const std::string python = nmn::testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  for (const uint32_t stream : {10u, 20u}) {
    for (const bool periodic : {false, true}) {
      const std::vector<double> x = Uniform(60, periodic ? -3 : -10, periodic ? 3 : 10, stream),
                                noise = Uniform(60, -1, 1, stream + 1);
      std::vector<double> y(x.size());
      for (size_t i = 0; i < x.size(); ++i) y[i] = std::sin(x[i]) + std::max(x[i], 0.0) / 5 + noise[i];
      std::vector<std::string> arguments = {python, "tests/unit/cli/spline.py",
                                            periodic ? absl::StrFormat("periodic:%.17g", kTurn) : "natural"};
      for (const double value : x) arguments.push_back(absl::StrFormat("%.17g", value));
      arguments.emplace_back("/");
      for (const double value : y) arguments.push_back(absl::StrFormat("%.17g", value));
      const nmn::testing::Outcome outcome = nmn::testing::RunProcess(arguments);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      const double expected = std::strtod(outcome.out.c_str(), nullptr);
      const RegressionSpline spline = periodic ? RegressionSpline::Periodic(x, kTurn) : RegressionSpline::Natural(x);
      EXPECT_NEAR(*spline.RSquared(y), expected, 1e-9) << periodic;
      EXPECT_GT(expected, 0.2);
      EXPECT_LT(expected, 0.95);
    }
  }
}

TEST(Isotonic, PoolsWhatFalls) {
  EXPECT_THAT(Isotonic(std::vector<double>{1, 3, 2, 4}), ::testing::ElementsAre(1, 2.5, 2.5, 4));
  EXPECT_THAT(Isotonic(std::vector<double>{3, 2, 1}), ::testing::ElementsAre(2, 2, 2));
  EXPECT_THAT(Isotonic(std::vector<double>{5}), ::testing::ElementsAre(5));
}

// Robertson, Wright and Dykstra 1988, theorem 1.4.4: the largest, over beginnings, of the least mean up to any end.
TEST(Isotonic, IsTheMaxMinOfMeans) {
  const std::vector<double> values = Uniform(60, -1, 2, 4), fitted = Isotonic(values);
  for (size_t i = 0; i < values.size(); ++i) {
    double largest = -10;
    for (size_t first = 0; first <= i; ++first) {
      double least = 10, sum = 0;
      for (size_t last = first; last < values.size(); ++last) {
        sum += values[last];
        if (last >= i) least = std::min(least, sum / static_cast<double>(last - first + 1));
      }
      largest = std::max(largest, least);
    }
    EXPECT_NEAR(fitted[i], largest, 1e-12) << i;
  }
}

// 10 (1 - e^(-t / 7)) has 95 % at t = 7 ln 20 = 20.97.
TEST(StepUntil, OfAnExponentialRiseIsItsTimeConstantTimesLn20) {
  std::vector<double> rewards, noisy;
  const std::vector<double> noise = Uniform(1400, -0.2f, 0.2f, 5);
  for (int t = 0; t < 1400; ++t) {
    rewards.push_back(10 * (1 - std::exp(-t / 7.0)));
    noisy.push_back(rewards.back() + noise[static_cast<size_t>(t)]);
  }
  EXPECT_NEAR(FinalRate(rewards), 10, 1e-9);
  EXPECT_EQ(StepUntil(rewards, 0.95), 21u);
  EXPECT_NEAR(*StepUntil(noisy, 0.95), 21, 3);
}

TEST(StepUntil, IsTheFirstStepOfOneThatIsThereAtOnceAndNothingOfOneThatLoses) {
  EXPECT_EQ(StepUntil(std::vector<double>{10, 10, 10, 10}, 0.95), 0u);
  EXPECT_EQ(StepUntil(std::vector<double>{-5, -5, -5, -5}, 0.95), std::nullopt);
  EXPECT_EQ(StepUntil(std::vector<double>{0, 0, 0, 0}, 0.95), std::nullopt);
}

TEST(StepOfShare, CountsEpisodesThatNeverCame) {
  EXPECT_EQ(StepOfShare({3, 1, 2, 9}, 0.5), 2u);
  EXPECT_EQ(StepOfShare({3, 1, std::nullopt, 9}, 0.5), 3u);
  EXPECT_EQ(StepOfShare({3, 1, std::nullopt, 9}, 0.75), 9u);
  EXPECT_EQ(StepOfShare({3, 1, std::nullopt, 9}, 0.76), std::nullopt);
  EXPECT_EQ(StepOfShare({std::nullopt}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace nmn::analysis
