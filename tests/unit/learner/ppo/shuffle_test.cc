#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "learner/ppo/sequences.h"

namespace nmn::ppo {
namespace {

constexpr auto kPurpose = rng::Purpose::kCriticShuffle;

TEST(ShuffledIndices, AreAPermutation) {
  std::vector<int64_t> order = ShuffledIndices(300, 7, kPurpose, 3, 2);
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 300; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(ShuffledIndices, DependOnEveryPartOfTheKeyAndOnNothingElse) {
  const auto order = ShuffledIndices(50, 7, kPurpose, 3, 2);
  EXPECT_EQ(order, ShuffledIndices(50, 7, kPurpose, 3, 2));
  EXPECT_NE(order, ShuffledIndices(50, 8, kPurpose, 3, 2));
  EXPECT_NE(order, ShuffledIndices(50, 7, rng::Purpose::kPolicyShuffle, 3, 2));
  EXPECT_NE(order, ShuffledIndices(50, 7, kPurpose, 4, 2));
  EXPECT_NE(order, ShuffledIndices(50, 7, kPurpose, 3, 3));
}

TEST(ShuffledIndices, PutEachElementAnywhereEquallyOften) {
  constexpr int kTrials = 6000;
  int at_front[6] = {};
  for (int trial = 0; trial < kTrials; ++trial) ++at_front[ShuffledIndices(6, 1, kPurpose, 1, trial)[0]];
  for (const int count : at_front) EXPECT_NEAR(count, 1000, 5 * 29);  // 5 standard errors
}

TEST(Minibatches, TheLastIsAsSmallAsItComes) {
  const auto batches = Minibatches(10, 4, 7, kPurpose, 1, 0);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].size(), 4u);
  EXPECT_EQ(batches[2].size(), 2u);
}

TEST(Minibatches, SizeZeroIsTheFullBatchInOrder) {
  const auto batches = Minibatches(4, 0, 7, kPurpose, 1, 0);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0], (std::vector<int64_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace nmn::ppo
