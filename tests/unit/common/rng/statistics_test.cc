// Statistics of the streams. Bounds are 4.5 standard errors of the estimate: a correct generator fails one of these
// once in 150 000 tests, and the seeds are fixed, so what passes stays passing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "common/rng/batch.h"
#include "common/rng/philox.h"

namespace nmn::rng {
namespace {

constexpr double kErrors = 4.5;
constexpr size_t kLanes = 512;
constexpr uint32_t kSteps = 1024;
constexpr double kCount = double{kLanes} * kSteps;

std::vector<float> Normals(uint64_t seed, uint32_t update, Purpose purpose) {
  std::vector<float> values(kLanes * kSteps);
  for (uint32_t block = 0; block < kSteps / 4; ++block) {
    StepNormalBlock(seed, update, 0, kLanes, block, purpose, View2(values.data() + block * 4 * kLanes, 4, kLanes));
  }
  return values;
}

double NormalDistribution(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// Kolmogorov-Smirnov distance times sqrt(n).
template <class Distribution>
double KolmogorovSmirnov(std::vector<float> values, Distribution distribution) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double distance = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double f = distribution(values[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return distance * std::sqrt(n);
}

// P(sqrt(n) D > 2.3) is 5e-5.
constexpr double kSmirnovBound = 2.3;

TEST(NormalStatistics, MomentsAreThoseOfTheStandardNormal) {
  double sum = 0, squares = 0, cubes = 0, fourths = 0;
  for (const double x : Normals(1, 1, Purpose::kActionNoise)) {
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / kCount, 0, kErrors / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, kErrors * std::sqrt(2 / kCount));
  EXPECT_NEAR(cubes / kCount, 0, kErrors * std::sqrt(15 / kCount));
  EXPECT_NEAR(fourths / kCount, 3, kErrors * std::sqrt(96 / kCount));
}

TEST(NormalStatistics, KolmogorovSmirnovAgainstTheStandardNormal) {
  EXPECT_LT(KolmogorovSmirnov(Normals(2, 1, Purpose::kActionNoise), NormalDistribution), kSmirnovBound);
}

// Correlation of values[i] and others[i + shift].
double Correlation(const std::vector<float>& values, const std::vector<float>& others, size_t shift) {
  double sum = 0;
  for (size_t i = 0; i + shift < values.size(); ++i) sum += double{values[i]} * others[i + shift];
  return sum / kCount;
}

TEST(NormalStatistics, NeighboursAreUncorrelated) {
  const std::vector<float> values = Normals(3, 7, Purpose::kActionNoise);
  const double bound = kErrors / std::sqrt(kCount);
  for (size_t steps = 1; steps <= 5; ++steps) {
    EXPECT_NEAR(Correlation(values, values, steps * kLanes), 0, bound) << steps << " steps apart";
  }
  EXPECT_NEAR(Correlation(values, values, 1), 0, bound) << "next episode";
  EXPECT_NEAR(Correlation(values, Normals(3, 8, Purpose::kActionNoise), 0), 0, bound) << "next update";
  EXPECT_NEAR(Correlation(values, Normals(3, 7, Purpose::kDynamics), 0), 0, bound) << "other purpose";
  EXPECT_NEAR(Correlation(values, Normals(4, 7, Purpose::kActionNoise), 0), 0, bound) << "next seed";
}

TEST(NormalStatistics, SquaresOfNeighboursAreUncorrelated) {
  std::vector<float> values = Normals(5, 1, Purpose::kActionNoise);
  for (float& x : values) x = (x * x - 1) / std::numbers::sqrt2_v<float>;
  const double bound = kErrors / std::sqrt(kCount);
  for (const size_t shift : {size_t{1}, kLanes, 2 * kLanes, 3 * kLanes}) {
    EXPECT_NEAR(Correlation(values, values, shift), 0, bound) << shift;
  }
}

TEST(UniformStatistics, KolmogorovSmirnovOfEveryWord) {
  for (size_t word = 0; word < 4; ++word) {
    std::vector<float> values;
    for (uint32_t episode = 0; episode < 100000; ++episode) {
      values.push_back(UnitUniform(Draw({6, 1, episode, 0}, Purpose::kTask)[word]));
    }
    EXPECT_LT(KolmogorovSmirnov(values, [](double x) { return x; }), kSmirnovBound) << "word " << word;
  }
}

TEST(TruncatedNormalStatistics, DeviationIsTheClosedForm) {
  // Normal truncated at +-2: variance 1 - 4 phi(2) / (2 Phi(2) - 1), fourth moment 3 - (2^3 + 3 2) 2 phi(2) / (2 Phi(2)
  // - 1).
  const double density = std::exp(-2.0) / std::sqrt(2 * std::numbers::pi);
  const double mass = 2 * NormalDistribution(2) - 1;
  const double variance = 1 - 4 * density / mass;
  const double fourth = 3 - 28 * density / mass;
  constexpr uint32_t kDraws = 400000;
  std::vector<float> values;
  double sum = 0, squares = 0;
  for (uint32_t i = 0; i < kDraws; ++i) {
    const double x = TruncatedNormal(8, 1, i, 0.1f) / double{0.1f};
    values.push_back(static_cast<float>(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, kErrors * std::sqrt(variance / kDraws));
  EXPECT_NEAR(squares / kDraws, variance, kErrors * std::sqrt((fourth - variance * variance) / kDraws));
  const auto distribution = [&](double x) { return (NormalDistribution(x) - NormalDistribution(-2)) / mass; };
  EXPECT_LT(KolmogorovSmirnov(values, distribution), kSmirnovBound);
}

}  // namespace
}  // namespace nmn::rng
