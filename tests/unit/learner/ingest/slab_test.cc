#include "learner/ingest/slab.h"

#include <gtest/gtest.h>

#include <optional>

#include "common/nn/gaussian_head.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

const BatchShape kShape{.horizon = 3,
                        .layout = trajectory::TrajectoryLayout::OfNetwork(2, nn::GaussianHead({})),
                        .episodes = 6,
                        .measures = {"hits"}};

// How many episodes of the message were missing; nothing where it does not agree with what is there.
std::optional<uint32_t> Fill(Slab& slab, const v1::Trajectory& trajectory) {
  Slab::Claim claim = slab.Reserve(trajectory);
  claim.Write(trajectory);
  if (!claim.agrees()) {
    slab.GiveUp(claim);
    return std::nullopt;
  }
  EXPECT_TRUE(slab.Keep(claim));
  return claim.missing();
}

TEST(Slab, EveryEpisodeStandsInItsColumnWhateverTheOrderOfArrival) {
  Slab slab(kShape);
  for (const uint32_t first : {4u, 0u, 2u}) EXPECT_EQ(Fill(slab, FakeTrajectory(kShape, 1, first, 2, first, 2)), 2u);
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
  Fill(slab, FakeTrajectory(kShape, 1, 0, 6, 1, 2));
  Poke(other, 3, 1, -7);  // reward of episode 1 at t = 0
  EXPECT_EQ(Fill(slab, other), std::nullopt);
  EXPECT_EQ(slab.batch().reward()(0, 1), FakeValue(v1::REWARD, 0, 0, 1));
  EXPECT_FALSE(slab.Has(3));
  EXPECT_EQ(Fill(slab, FakeTrajectory(kShape, 1, 0, 6, 0, 6)), 4u);  // what was given up may come again
}

TEST(Slab, ADifferenceInAnyFieldOrMeasureIsSeen) {
  Slab slab(kShape);
  const v1::Trajectory first = FakeTrajectory(kShape, 1, 0, 6, 0, 6);
  Fill(slab, first);
  EXPECT_EQ(Fill(slab, first), 0u);
  for (int block = 0; block < 6; ++block) {
    v1::Trajectory other = first;
    Poke(other, block, 17, -1);
    EXPECT_EQ(Fill(slab, other), std::nullopt) << block;
  }
  v1::Trajectory other = first;
  other.mutable_measures(0)->set_values(3, 0.5);
  EXPECT_EQ(Fill(slab, other), std::nullopt);
}

TEST(Slab, AClearedSlabIsEmpty) {
  Slab slab(kShape);
  Fill(slab, FakeTrajectory(kShape, 1, 0, 6, 0, 6));
  slab.Clear();
  EXPECT_FALSE(slab.complete());
  EXPECT_FALSE(slab.Has(0));
}

TEST(Slab, WhatIsOnItsWayIsNeitherHereNorTakenTwice) {
  Slab slab(kShape);
  const v1::Trajectory whole = FakeTrajectory(kShape, 1, 0, 6, 0, 6);
  const v1::Trajectory middle = FakeTrajectory(kShape, 1, 0, 6, 2, 2);
  Slab::Claim first = slab.Reserve(middle);
  Slab::Claim second = slab.Reserve(whole);
  EXPECT_EQ(first.missing(), 2u);
  EXPECT_EQ(second.missing(), 4u);
  second.Write(whole);
  EXPECT_TRUE(slab.Keep(second));
  EXPECT_FALSE(slab.complete());
  EXPECT_FALSE(slab.Has(2));
  first.Write(middle);
  EXPECT_TRUE(slab.Keep(first));
  EXPECT_TRUE(slab.complete());
  EXPECT_EQ(slab.batch().reward()(0, 2), FakeValue(v1::REWARD, 0, 0, 2));
}

TEST(Slab, AClaimThatASlabWasClearedUnderTouchesNothing) {
  Slab slab(kShape);
  const v1::Trajectory late = FakeTrajectory(kShape, 1, 0, 6, 0, 6);
  Slab::Claim claim = slab.Reserve(late);
  slab.Clear();
  v1::Trajectory next = FakeTrajectory(kShape, 1, 0, 6, 0, 6);
  Poke(next, 3, 1, -7);
  EXPECT_EQ(Fill(slab, next), 6u);
  claim.Write(late);
  EXPECT_FALSE(slab.Keep(claim));
  slab.GiveUp(claim);
  EXPECT_TRUE(slab.complete());
  EXPECT_EQ(slab.batch().reward()(0, 1), -7);
}

}  // namespace
}  // namespace nmn::ingest
