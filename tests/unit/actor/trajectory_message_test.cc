#include "actor/trajectory_message.h"

#include <gtest/gtest.h>

#include <cstring>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/validate.h"
#include "tests/unit/actor/fake_engine.h"

namespace nmn::actor {
namespace {

class TrajectoryMessageTest : public testing::Test {
 protected:
  TrajectoryMessageTest() {
    v1::RunConfig config;
    config.mutable_env()->set_horizon(4);
    engine_ = std::make_unique<FakeEngine>(config);
    engine_->SetParameters(std::vector<float>{0.5f}, 1);
    rollout_ = *engine_->Run({.seed = 1, .update = 2, .first_episode = 6}, 6, false, nullptr, nullptr);
    unit_.set_update(2);
    unit_.set_first_episode(8);
    unit_.set_count(4);
  }

  const TrajectoryHeader header_{"run", 1, 2, {"error"}};
  const ingest::BatchShape shape_{.horizon = 4,
                                  .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
                                  .episodes = 12,
                                  .measures = {"error"}};
  std::unique_ptr<FakeEngine> engine_;
  RolloutResult rollout_;
  v1::UnitId unit_;
};

TEST_F(TrajectoryMessageTest, IsWhatTheLearnerAccepts) {
  const auto messages = MakeTrajectories(header_, unit_, rollout_);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(ingest::CheckShape(shape_, messages[0]).detail, "");
  EXPECT_EQ(ingest::CheckPayload(shape_.layout, messages[0]).detail, "");
}

TEST_F(TrajectoryMessageTest, HoldsTheEpisodesOfTheUnitAlone) {
  const v1::Trajectory message = MakeTrajectories(header_, unit_, rollout_)[0];
  const v1::Block& reward = message.blocks(3);
  float first;
  std::memcpy(&first, reward.data().data(), sizeof(first));
  EXPECT_EQ(first, FakeStep(v1::REWARD, 0, 0, 2, 8, 0.5f));
  EXPECT_EQ(message.measures(0).values(3), 11);
}

TEST_F(TrajectoryMessageTest, ALargeUnitIsCutByEpisodes) {
  const size_t two_episodes = 2 * 4 * 6 * sizeof(float);
  const auto messages = MakeTrajectories(header_, unit_, rollout_, two_episodes + 1);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].first_episode(), 8u);
  EXPECT_EQ(messages[1].first_episode(), 10u);
  for (const auto& message : messages) EXPECT_TRUE(ingest::CheckShape(shape_, message).accepted());
  EXPECT_EQ(MakeTrajectories(header_, unit_, rollout_, 1).size(), 4u);
}

}  // namespace
}  // namespace nmn::actor
