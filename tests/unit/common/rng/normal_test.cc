#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "common/rng/batch.h"
#include "common/rng/philox.h"

namespace nmn::rng {
namespace {

// Words that spread over the whole range, with its ends and the neighbourhoods of the quadrants.
std::vector<uint32_t> Words() {
  std::vector<uint32_t> words = {0, 1, 2, 0xff, 0xffff, 0x10000, 0xfffffffe, 0xffffffff};
  for (uint32_t eighth = 1; eighth < 8; ++eighth) {
    for (int offset = -2; offset <= 2; ++offset) words.push_back((eighth << 29) + static_cast<uint32_t>(offset));
  }
  for (uint32_t i = 0; i < 2000; ++i) words.push_back(i * 2654435761u);
  return words;
}

TEST(NormalPairBoxMuller1958, EqualsTheFormulaInDouble) {
  const std::vector<uint32_t> words = Words();
  double worst = 0;
  for (const uint32_t first : words) {
    for (uint32_t i = 0; i < 64; ++i) {
      const uint32_t second = words[(first % 97) * 7 + i];
      const float unit = static_cast<float>((first + 1.0) * 0x1p-32);
      const double radius = std::sqrt(-2 * std::log(static_cast<double>(unit)));
      const double angle = 2 * std::numbers::pi * second * 0x1p-32;
      const auto pair = NormalPair(first, second);
      worst = std::max(worst, std::hypot(pair[0] - radius * std::cos(angle), pair[1] - radius * std::sin(angle)));
    }
  }
  EXPECT_LT(worst, 2e-6);
}

TEST(NormalPair, IsFiniteAtTheEndsOfItsWords) {
  EXPECT_EQ(NormalPair(0xffffffff, 0)[0], 0.0f);
  EXPECT_NEAR(NormalPair(0, 0)[0], std::sqrt(64 * std::numbers::ln2), 1e-6);
}

TEST(StepNormal, ABlockServesFourSteps) {
  const StreamPosition at = {.seed = 7, .update = 2, .episode = 3};
  const Block block = Draw({7, 2, 3, 5}, Purpose::kActionNoise);
  const auto front = NormalPair(block[0], block[1]);
  const auto back = NormalPair(block[2], block[3]);
  const float expected[] = {front[0], front[1], back[0], back[1]};
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(StepNormal({at.seed, at.update, at.episode, 20 + i}, Purpose::kActionNoise), expected[i]);
  }
}

// Error bounds promised by the header, against the double functions.
TEST(SinCos, ErrorIsBelowTwoToTheMinus22) {
  std::vector<float> angle;
  for (int i = -200000; i <= 200000; ++i) angle.push_back(static_cast<float>(i) * 1.000123e-4f);
  for (int i = -1000; i <= 1000; ++i) angle.push_back(static_cast<float>(i) * 8.192f);
  std::vector<float> sine(angle.size()), cosine(angle.size());
  SinCos(angle.data(), angle.size(), sine.data(), cosine.data());
  for (size_t i = 0; i < angle.size(); ++i) {
    ASSERT_NEAR(sine[i], std::sin(static_cast<double>(angle[i])), 0x1p-22) << angle[i];
    ASSERT_NEAR(cosine[i], std::cos(static_cast<double>(angle[i])), 0x1p-22) << angle[i];
  }
}

// The distribution function at the drawn value is the uniform number that gave it.
TEST(TruncatedNormalWichura1988, InvertsTheDistributionFunction) {
  const double below = 0.5 * std::erfc(std::numbers::sqrt2);
  for (uint32_t index = 0; index < 20000; ++index) {
    const double x = TruncatedNormal(11, 4, index, 1.0f);
    const uint32_t word = Draw({11, 0, 4, index / 4}, Purpose::kWeights)[index % 4];
    const double unit = (0.5 * std::erfc(-x / std::numbers::sqrt2) - below) / (1 - 2 * below);
    ASSERT_NEAR(unit, (word + 0.5) * 0x1p-32, 5e-8) << x;  // half a unit of float32 at 2, times the density
    ASSERT_LE(std::abs(x), 2.0);
  }
}

TEST(TruncatedNormal, DeviationScales) {
  EXPECT_FLOAT_EQ(TruncatedNormal(1, 2, 3, 0.1f), 0.1f * TruncatedNormal(1, 2, 3, 1.0f));
}

}  // namespace
}  // namespace nmn::rng
