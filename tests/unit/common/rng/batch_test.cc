#include "common/rng/batch.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "hwy/highway.h"
#include "hwy/targets.h"

namespace nmn::rng {
namespace {

// Every SIMD target that this CPU has.
class BatchOnTarget : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().DeInit();
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, BatchOnTarget, ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& info) { return std::string(hwy::TargetName(info.param)); });

constexpr uint64_t kSeed = 0xfedcba9876543210;

TEST_P(BatchOnTarget, NormalsEqualStepNormalBitForBit) {
  for (const size_t lanes : {size_t{1}, size_t{7}, size_t{16}, size_t{53}}) {
    std::vector<float> out(4 * lanes);
    for (const uint32_t block : {0u, 1u, 349u, 0xffffffu}) {
      StepNormalBlock(kSeed, 9, 41, lanes, block, Purpose::kActionNoise, View2(out.data(), 4, lanes));
      for (uint32_t i = 0; i < 4; ++i) {
        for (uint32_t lane = 0; lane < lanes; ++lane) {
          const float expected = StepNormal({kSeed, 9, 41 + lane, 4 * block + i}, Purpose::kActionNoise);
          ASSERT_EQ(std::bit_cast<uint32_t>(out[i * lanes + lane]), std::bit_cast<uint32_t>(expected))
              << "lane " << lane << " of " << lanes << ", step " << 4 * block + i;
        }
      }
    }
  }
}

TEST_P(BatchOnTarget, NormalsOfManyBlocksEqualStepNormalBitForBit) {
  constexpr size_t kLanes = 64;
  std::vector<float> out(4 * kLanes);
  for (uint32_t block = 0; block < 500; ++block) {
    StepNormalBlock(kSeed, 1, 0, kLanes, block, Purpose::kActionNoise, View2(out.data(), 4, kLanes));
    for (uint32_t i = 0; i < 4; ++i) {
      for (uint32_t lane = 0; lane < kLanes; ++lane) {
        ASSERT_EQ(out[i * kLanes + lane], StepNormal({kSeed, 1, lane, 4 * block + i}, Purpose::kActionNoise));
      }
    }
  }
}

TEST_P(BatchOnTarget, UniformsEqualDrawBitForBit) {
  constexpr size_t kLanes = 37;
  std::vector<float> out(4 * kLanes);
  for (uint32_t block = 0; block < 50; ++block) {
    StepUniformBlock(kSeed, 2, 5, kLanes, block, Purpose::kDynamics, -0.6f, 0.7f, View2(out.data(), 4, kLanes));
    for (uint32_t i = 0; i < 4; ++i) {
      for (uint32_t lane = 0; lane < kLanes; ++lane) {
        const Block words = Draw({kSeed, 2, 5 + lane, block}, Purpose::kDynamics);
        ASSERT_EQ(out[i * kLanes + lane], Uniform(words[i], -0.6f, 0.7f));
      }
    }
  }
}

TEST_P(BatchOnTarget, SinCosEqualsOneLaneAloneOnTheBestTarget) {
  std::vector<float> angle;
  for (int i = 0; i < 10007; ++i) angle.push_back(static_cast<float>(i - 5000) * 2.7e-3f);
  std::vector<float> sine(angle.size()), cosine(angle.size());
  SinCos(angle.data(), angle.size(), sine.data(), cosine.data());
  TearDown();
  for (size_t i = 0; i < angle.size(); ++i) {
    float s, c;
    SinCos(&angle[i], 1, &s, &c);
    ASSERT_EQ(std::bit_cast<uint32_t>(sine[i]), std::bit_cast<uint32_t>(s)) << angle[i];
    ASSERT_EQ(std::bit_cast<uint32_t>(cosine[i]), std::bit_cast<uint32_t>(c)) << angle[i];
  }
}

TEST(Batch, WritesNothingBesideItsLanes) {
  std::vector<float> out(4 * 24, -99.0f);
  StepNormalBlock(kSeed, 1, 0, 5, 0, Purpose::kActionNoise, View2(out.data(), 4, 24));
  for (size_t i = 0; i < 4; ++i) {
    for (size_t lane = 5; lane < 24; ++lane) EXPECT_EQ(out[i * 24 + lane], -99.0f);
  }
}

}  // namespace
}  // namespace nmn::rng
