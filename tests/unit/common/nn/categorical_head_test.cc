#include "common/nn/categorical_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace nmn::nn {
namespace {

constexpr size_t kLanes = 37;  // every vector width leaves some over
const std::vector<uint32_t> kChoices{3, 5};

std::vector<float> Logits(float speed) {
  std::vector<float> logits(8 * kLanes);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = 4 * std::sin(speed * static_cast<float>(i));
  return logits;
}

// Probabilities of one component of a lane, in float64.
std::vector<double> Probabilities(const std::vector<float>& logits, size_t component, size_t lane, size_t lanes) {
  std::vector<double> p;
  double sum = 0;
  for (size_t k = 0; k < kChoices[component]; ++k)
    sum += p.emplace_back(std::exp(double{logits[((component == 0 ? 0 : 3) + k) * lanes + lane]}));
  for (double& value : p) value /= sum;
  return p;
}

TEST(CategoricalHead, LogProbabilityEntropyAndDivergenceAreTheClosedForms) {
  const CategoricalHead head(kChoices);
  const std::vector<float> from = Logits(1.3f), to = Logits(0.7f);
  const ConstView2 from_view(from.data(), 8, kLanes), to_view(to.data(), 8, kLanes);
  std::vector<float> index(2 * kLanes), log_probability(kLanes), entropy(kLanes), kl(kLanes), none(kLanes);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    index[lane] = static_cast<float>(lane % 3);
    index[kLanes + lane] = static_cast<float>(lane % 5);
  }
  head.LogProbability(from_view, {index.data(), 2, kLanes}, log_probability.data());
  head.Entropy(from_view, entropy.data());
  head.KlDivergence(from_view, to_view, kl.data());
  head.KlDivergence(from_view, from_view, none.data());
  for (size_t lane = 0; lane < kLanes; ++lane) {
    double expected_log = 0, expected_entropy = 0, expected_kl = 0;
    for (size_t c = 0; c < 2; ++c) {
      const std::vector<double> p = Probabilities(from, c, lane, kLanes), q = Probabilities(to, c, lane, kLanes);
      expected_log += std::log(p[lane % kChoices[c]]);
      for (size_t k = 0; k < p.size(); ++k) {
        expected_entropy -= p[k] * std::log(p[k]);
        expected_kl += p[k] * std::log(p[k] / q[k]);
      }
    }
    EXPECT_NEAR(log_probability[lane], expected_log, 4e-6);
    EXPECT_NEAR(entropy[lane], expected_entropy, 4e-6);
    EXPECT_NEAR(kl[lane], expected_kl, 4e-6);
    EXPECT_EQ(none[lane], 0);
  }
}

// Pearson's statistic over 4 steps of 50000 lanes, all of the same logits. Its mean is the number of joint choices less
// one, 14, and its standard deviation sqrt(28); 45 is beyond 5.8 of them, a chance of 4e-5 for a right sampler. It sees
// both a wrong probability and components that are not independent.
TEST(CategoricalHead, SamplesHaveTheExactProbabilitiesIndependentOfEachOther) {
  constexpr size_t kMany = 50000, kSteps = 4;
  const std::vector<float> one{0.5f, -1.0f, 1.0f, /**/ 2.0f, 0.0f, 0.3f, -0.7f, 1.1f};
  std::vector<float> logits;
  for (const float value : one) logits.insert(logits.end(), kMany, value);
  const auto sampler = CategoricalHead(kChoices).MakeSampler(kMany);
  std::vector<float> index(2 * kMany);
  std::vector<double> counts(15);
  for (uint32_t step = 0; step < kSteps; ++step) {
    ASSERT_TRUE(
        sampler->Sample({.seed = 11, .update = 3, .step = step}, {logits.data(), 8, kMany}, {index.data(), 2, kMany}));
    for (size_t lane = 0; lane < kMany; ++lane)
      ++counts.at(static_cast<size_t>(index[lane]) * 5 + static_cast<size_t>(index[kMany + lane]));
  }
  const std::vector<double> p = Probabilities(one, 0, 0, 1), q = Probabilities(one, 1, 0, 1);
  double statistic = 0;
  for (size_t i = 0; i < 15; ++i) {
    const double expected = p[i / 5] * q[i % 5] * static_cast<double>(kMany * kSteps);
    statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  EXPECT_LT(statistic, 45);
}

// p to the power of 1 / temperature, normalised, of each component by itself.
TEST(CategoricalHead, ATemperatureIsAPowerOfTheProbabilities) {
  const CategoricalHead head({2, 3});
  std::vector<float> logits = {1, -1, 0.5f, 2, -3};
  std::vector<double> expected;
  for (const auto& [first, count] : {std::pair{0, 2}, std::pair{2, 3}}) {
    double total = 0;
    for (int k = 0; k < count; ++k) total += std::pow(std::exp(logits[first + k]), 1 / 0.4);
    for (int k = 0; k < count; ++k) expected.push_back(std::pow(std::exp(logits[first + k]), 1 / 0.4) / total);
  }
  const View2 parameters(logits.data(), 5, 1);
  head.Temper(parameters, 0.4f);
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 3; ++b) {
      std::vector<float> action = {static_cast<float>(a), static_cast<float>(b)};
      float log_probability = 0;
      head.LogProbability(parameters, ConstView2(action.data(), 2, 1), &log_probability);
      EXPECT_NEAR(std::exp(log_probability), expected[a] * expected[2 + b], 1e-6);
    }
  }
}

TEST(CategoricalHead, ALanesChoiceDoesNotDependOnItsNeighbours) {
  const CategoricalHead head(kChoices);
  const std::vector<float> logits = Logits(1.3f);
  std::vector<float> all(2 * kLanes), alone(2);
  const auto batch = head.MakeSampler(kLanes), single = head.MakeSampler(1);
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    std::vector<float> own(8);
    for (size_t r = 0; r < 8; ++r) own[r] = logits[r * kLanes + lane];
    ASSERT_TRUE(batch->Sample({.seed = 2, .episode = 4}, {logits.data(), 8, kLanes}, {all.data(), 2, kLanes}));
    ASSERT_TRUE(single->Sample({.seed = 2, .episode = 4 + lane}, {own.data(), 8, 1}, {alone.data(), 2, 1}));
    EXPECT_EQ(alone[0], all[lane]);
    EXPECT_EQ(alone[1], all[kLanes + lane]);
  }
}

TEST(CategoricalHead, ChoosesTheMostProbableAndOfEqualOnesTheFirst) {
  const CategoricalHead head({4});
  const std::vector<float> logits{1, 0, 5, 2, /**/ 1, 3, 5, 2, /**/ 0, 3, 5, 2, /**/ -1, 2, 5, 9};  // [choice, lane]
  std::vector<float> index(4);
  ASSERT_TRUE(head.MakeSampler(4)->Choose({logits.data(), 4, 4}, {index.data(), 1, 4}));
  EXPECT_EQ(index, (std::vector<float>{0, 1, 0, 3}));
}

TEST(CategoricalHead, NeverPicksWhatHasNoWeight) {
  const CategoricalHead head({3});
  const std::vector<float> row{0, -500, 0};
  std::vector<float> logits, index(1000);
  for (const float value : row) logits.insert(logits.end(), index.size(), value);
  ASSERT_TRUE(head.MakeSampler(index.size())
                  ->Sample({.seed = 1}, {logits.data(), 3, index.size()}, {index.data(), 1, index.size()}));
  for (const float choice : index) EXPECT_TRUE(choice == 0 || choice == 2) << choice;
}

TEST(CategoricalHead, SaysSoWhereAnyLogitIsNotFinite) {
  const CategoricalHead head(kChoices);
  const auto sampler = head.MakeSampler(kLanes);
  std::vector<float> index(2 * kLanes);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (size_t i = 0; i < 8 * kLanes; i += 5) {
      std::vector<float> logits = Logits(1);
      logits[i] = bad;
      EXPECT_FALSE(sampler->Sample({}, {logits.data(), 8, kLanes}, {index.data(), 2, kLanes})) << i;
      EXPECT_FALSE(sampler->Choose({logits.data(), 8, kLanes}, {index.data(), 2, kLanes})) << i;
    }
  }
}

}  // namespace
}  // namespace nmn::nn
