#include "learner/ingest/slab.h"

#include <gtest/gtest.h>

#include "common/nn/gaussian_head.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

const BatchShape kShape{.horizon = 3,
                        .layout = trajectory::TrajectoryLayout::OfNetwork(2, nn::GaussianHead({})),
                        .episodes = 6,
                        .measures = {"hits"}};

TEST(Slab, EveryEpisodeStandsInItsColumnWhateverTheOrderOfArrival) {
  Slab slab(kShape);
  for (const uint32_t first : {4u, 0u, 2u}) EXPECT_EQ(slab.Fill(FakeTrajectory(kShape, 1, first, 2, first, 2)), 2u);
  ASSERT_TRUE(slab.complete());
  const trajectory::TrajectoryBatch batch = slab.batch();
  for (uint32_t t = 0; t < 3; ++t) {
    for (uint32_t e = 0; e < 6; ++e) {
      for (uint32_t d = 0; d < 2; ++d)
        EXPECT_EQ(batch.observation().plane(t)(d, e), FakeValue(v1::OBSERVATION, t, d, e));
      EXPECT_EQ(batch.raw_action()(t, e), FakeValue(v1::RAW_ACTION, t, 0, e));
      EXPECT_EQ(batch.action()(t, e), FakeValue(v1::ACTION, t, 0, e));
      EXPECT_EQ(batch.reward()(t, e), FakeValue(v1::REWARD, t, 0, e));
      EXPECT_EQ(batch.Scalar(v1::MEAN)(t, e), FakeValue(v1::MEAN, t, 0, e));
      EXPECT_EQ(batch.Scalar(v1::LOG_VARIANCE)(t, e), FakeValue(v1::LOG_VARIANCE, t, 0, e));
    }
  }
  EXPECT_EQ(slab.measures()[0][5], 1005.0);
}

TEST(Slab, WhatIsThereIsNotOverwritten) {
  Slab slab(kShape);
  v1::Trajectory other = FakeTrajectory(kShape, 1, 0, 6, 0, 6);
  slab.Fill(FakeTrajectory(kShape, 1, 0, 6, 1, 2));
  Poke(other, 3, 1, -7);  // reward of episode 1 at t = 0
  EXPECT_FALSE(slab.Agrees(other));
  EXPECT_EQ(slab.Fill(other), 4u);
  EXPECT_EQ(slab.batch().reward()(0, 1), FakeValue(v1::REWARD, 0, 0, 1));
}

TEST(Slab, ADifferenceInAnyFieldOrMeasureIsSeen) {
  Slab slab(kShape);
  const v1::Trajectory first = FakeTrajectory(kShape, 1, 0, 6, 0, 6);
  slab.Fill(first);
  EXPECT_TRUE(slab.Agrees(first));
  for (int block = 0; block < 6; ++block) {
    v1::Trajectory other = first;
    Poke(other, block, 17, -1);
    EXPECT_FALSE(slab.Agrees(other)) << block;
  }
  v1::Trajectory other = first;
  other.mutable_measures(0)->set_values(3, 0.5);
  EXPECT_FALSE(slab.Agrees(other));
}

TEST(Slab, AClearedSlabIsEmpty) {
  Slab slab(kShape);
  slab.Fill(FakeTrajectory(kShape, 1, 0, 6, 0, 6));
  slab.Clear();
  EXPECT_FALSE(slab.complete());
  EXPECT_FALSE(slab.Has(0));
}

}  // namespace
}  // namespace nmn::ingest
