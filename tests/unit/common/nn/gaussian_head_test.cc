#include "common/nn/gaussian_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace nmn::nn {
namespace {

TEST(SampleGaussian, AddsNoiseScaledByTheDeviation) {
  const size_t lanes = 37;
  std::vector<float> mean(lanes), log_variance(lanes), noise(lanes), u(lanes);
  for (size_t i = 0; i < lanes; ++i) {
    mean[i] = 0.1f * i;
    log_variance[i] = -8.0f + 0.3f * i;
    noise[i] = i % 2 ? 1.3f : -0.7f;
  }
  ASSERT_TRUE(SampleGaussian(mean.data(), log_variance.data(), noise.data(), lanes, u.data()));
  for (size_t i = 0; i < lanes; ++i) {
    const double expected = mean[i] + std::exp(double{log_variance[i]} / 2) * noise[i];
    EXPECT_NEAR(u[i], expected, 1e-6 * std::max(1.0, std::abs(expected)));
  }
}

TEST(SampleGaussian, WithoutNoiseIsTheMean) {
  const std::vector<float> mean{1.0f, -2.5f, 3.25f};
  std::vector<float> u(3);
  ASSERT_TRUE(SampleGaussian(mean.data(), nullptr, nullptr, 3, u.data()));
  EXPECT_EQ(u, mean);
}

TEST(SampleGaussian, SaysSoWhereAnyActionIsNotFinite) {
  for (size_t lane = 0; lane < 21; ++lane) {
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      std::vector<float> mean(21, 0.5f), u(21);
      mean[lane] = bad;
      EXPECT_FALSE(SampleGaussian(mean.data(), nullptr, nullptr, 21, u.data())) << lane;
    }
  }
}

// 37 lanes, so that every vector width leaves some over: means -2 .. 2, log-variances -8 .. 3.
class GaussianHeadTest : public testing::Test {
 protected:
  static constexpr size_t kLanes = 37;
  static std::vector<float> Parameters(float shift) {
    std::vector<float> parameters(2 * kLanes);
    for (size_t i = 0; i < kLanes; ++i) {
      parameters[i] = -8.0f + 0.3f * static_cast<float>(i) + shift;
      parameters[kLanes + i] = -2.0f + 0.11f * static_cast<float>(i) - shift;
    }
    return parameters;
  }
  static ConstView2 View(const std::vector<float>& parameters) { return {parameters.data(), 2, kLanes}; }

  const GaussianHead head_{v1::NetworkOptions()};
  const std::vector<float> one_ = Parameters(0), other_ = Parameters(0.2f);
  std::vector<float> out_ = std::vector<float>(kLanes);
};

void ExpectNear(double actual, double expected) {
  EXPECT_NEAR(actual, expected, 2e-6 * std::max(1.0, std::abs(expected)));
}

TEST_F(GaussianHeadTest, LogProbabilityIsThatOfTheDensity) {
  std::vector<float> u(kLanes);
  for (size_t i = 0; i < kLanes; ++i) u[i] = one_[kLanes + i] + 0.05f * static_cast<float>(i);
  head_.LogProbability(View(one_), ConstView2(u.data(), 1, kLanes), out_.data());
  for (size_t i = 0; i < kLanes; ++i) {
    const double variance = std::exp(double{one_[i]}), deviation = double{u[i]} - double{one_[kLanes + i]};
    ExpectNear(out_[i], -0.5 * (std::log(2 * M_PI * variance) + deviation * deviation / variance));
  }
}

TEST_F(GaussianHeadTest, EntropyIsHalfTheLogOfTwoPiEVariance) {
  head_.Entropy(View(one_), out_.data());
  for (size_t i = 0; i < kLanes; ++i) ExpectNear(out_[i], 0.5 * (std::log(2 * M_PI) + 1 + double{one_[i]}));
}

TEST_F(GaussianHeadTest, DivergenceIsTheClosedFormAndZeroFromItself) {
  head_.KlDivergence(View(one_), View(other_), out_.data());
  for (size_t i = 0; i < kLanes; ++i) {
    const double from = std::exp(double{one_[i]}), to = std::exp(double{other_[i]});
    const double distance = double{one_[kLanes + i]} - double{other_[kLanes + i]};
    ExpectNear(out_[i], std::log(std::sqrt(to / from)) + (from + distance * distance) / (2 * to) - 0.5);
  }
  head_.KlDivergence(View(one_), View(one_), out_.data());
  for (size_t i = 0; i < kLanes; ++i) EXPECT_NEAR(out_[i], 0, 2e-7);
}

TEST_F(GaussianHeadTest, ItsFieldsAreItsParametersEachOnce) {
  std::vector<int> rows(head_.parameter_count());
  for (const ParameterField& field : head_.fields()) {
    for (uint32_t r = 0; r < field.width; ++r) ++rows.at(field.first_row + r);
  }
  EXPECT_EQ(rows, std::vector<int>(head_.parameter_count(), 1));
}

// Three numbers at once are three heads of one number side by side.
TEST(GaussianHeadOfThreeNumbers, SumsWhatItsNumbersSay) {
  constexpr size_t kLanes = 37;
  constexpr uint32_t kNumbers = 3;
  const GaussianHead three({}, kNumbers), single({});
  std::vector<float> from(2 * kNumbers * kLanes), to(from.size()), u(kNumbers * kLanes);
  for (size_t i = 0; i < from.size(); ++i) {
    from[i] = std::sin(static_cast<float>(i));
    to[i] = std::cos(static_cast<float>(i) * 0.7f);
  }
  for (size_t i = 0; i < u.size(); ++i) u[i] = 2 * std::sin(static_cast<float>(i) * 0.3f);
  const ConstView2 from_view(from.data(), 2 * kNumbers, kLanes), to_view(to.data(), 2 * kNumbers, kLanes);
  const ConstView2 u_view(u.data(), kNumbers, kLanes);
  // Log-variance and mean of number i.
  const auto of_number = [&](ConstView2 all, uint32_t i) {
    return ConstView2(all.row(i), 2, kLanes, kNumbers * kLanes);
  };
  std::vector<float> one(kLanes), all(kLanes);
  std::vector<double> log_probability(kLanes), entropy(kLanes), kl(kLanes);
  const auto add = [&](std::vector<double>& sum) {
    for (size_t lane = 0; lane < kLanes; ++lane) sum[lane] += double{one[lane]};
  };
  for (uint32_t i = 0; i < kNumbers; ++i) {
    single.LogProbability(of_number(from_view, i), {u_view.row(i), 1, kLanes}, one.data());
    add(log_probability);
    single.Entropy(of_number(from_view, i), one.data());
    add(entropy);
    single.KlDivergence(of_number(from_view, i), of_number(to_view, i), one.data());
    add(kl);
  }
  three.LogProbability(from_view, u_view, all.data());
  for (size_t lane = 0; lane < kLanes; ++lane) ExpectNear(all[lane], log_probability[lane]);
  three.Entropy(from_view, all.data());
  for (size_t lane = 0; lane < kLanes; ++lane) ExpectNear(all[lane], entropy[lane]);
  three.KlDivergence(from_view, to_view, all.data());
  for (size_t lane = 0; lane < kLanes; ++lane) ExpectNear(all[lane], kl[lane]);
}

TEST(GaussianHeadOfThreeNumbers, EachNumberHasNoiseOfItsOwn) {
  constexpr size_t kLanes = 21;
  const GaussianHead head({}, 3);
  const auto sampler = head.MakeSampler(kLanes);
  std::vector<float> parameters(6 * kLanes, 0.0f), u(3 * kLanes);
  for (uint32_t step = 0; step < 9; ++step) {
    ASSERT_TRUE(sampler->Sample({.seed = 5, .update = 2, .episode = 7, .step = step}, {parameters.data(), 6, kLanes},
                                {u.data(), 3, kLanes}));
    for (uint16_t i = 0; i < 3; ++i) {
      for (uint32_t lane = 0; lane < kLanes; ++lane) {
        EXPECT_EQ(u[i * kLanes + lane], rng::StepNormal({.seed = 5, .update = 2, .episode = 7 + lane, .step = step},
                                                        rng::Purpose::kActionNoise, i));
      }
    }
  }
}

TEST(GaussianHeadOfThreeNumbers, SaysSoWhereAnyNumberIsNotFinite) {
  const GaussianHead head({}, 3);
  const auto sampler = head.MakeSampler(1);
  for (size_t bad = 3; bad < 6; ++bad) {
    std::vector<float> parameters(6, 0.5f), u(3);
    parameters[bad] = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(sampler->Sample({}, {parameters.data(), 6, 1}, {u.data(), 3, 1})) << bad;
    EXPECT_FALSE(sampler->Choose({parameters.data(), 6, 1}, {u.data(), 3, 1})) << bad;
  }
}

}  // namespace
}  // namespace nmn::nn
