// Units that are played twice.

#include <gmock/gmock.h>

#include <algorithm>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/core.h"
#include "tests/support/deliver.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const BatchShape kShape{.horizon = 2,
                        .layout = trajectory::TrajectoryLayout::OfNetwork(2, nn::GaussianHead({})),
                        .episodes = 8,
                        .measures = {"hits"}};

class VerifyTest : public testing::Test {
 protected:
  explicit VerifyTest(uint32_t max_lag = 0)
      : core_({.run_id = kRunId,
               .generation = 1,
               .config_hash = "hash",
               .shape = kShape,
               .unit_episodes = 2,
               .max_lag = max_lag,
               .verify_units = 10,
               .lease_seconds = 10,
               .max_actors = 3,
               .max_message_bytes = 8 << 20}) {}

  void Join(const std::string& id, StreamId stream) {
    ASSERT_TRUE(core_.Register(id, 1, 0, 0).ok());
    core_.Connect(stream, 0);
    ASSERT_TRUE(core_.Hello(stream, FakeHello(id), 0).ok());
  }
  void Begin(uint32_t update) {
    core_.Publish(update);
    core_.Open(update);
  }
  // First episodes of what is leased now.
  std::vector<uint32_t> Leased() {
    std::vector<uint32_t> firsts;
    decisions_ = core_.Decide(1);
    for (const Grant& grant : decisions_.grants) {
      for (const v1::UnitId& unit : grant.lease.units()) firsts.push_back(unit.first_episode());
    }
    return firsts;
  }
  v1::RejectReason Send(StreamId stream, const v1::Trajectory& trajectory) {
    const Verdict first = core_.Examine(stream, trajectory, trajectory.ByteSizeLong(), 1);
    return first.accepted() ? Deliver(core_, kShape.layout, stream, trajectory, 1).reason : first.reason;
  }
  static v1::Trajectory Unit(uint32_t first, uint32_t update = 1) {
    return FakeTrajectory(kShape, update, first, 2, first, 2);
  }
  // One actor plays the whole update, and has the unit of its first episodes once more.
  void PlayAll(uint32_t update = 1) {
    ASSERT_THAT(Leased(), ElementsAre(0, 2, 4, 6));
    for (const uint32_t first : {0, 2, 4, 6}) ASSERT_EQ(Send(1, Unit(first, update)), v1::ACCEPTED);
  }

  Core core_;
  Decisions decisions_;
};

TEST_F(VerifyTest, TheFirstUnitThatIsThereIsPlayedASecondTime) {
  Join("a", 1);
  Begin(1);
  PlayAll();
  EXPECT_FALSE(core_.complete()) << "the second play is waited for";
  EXPECT_THAT(Leased(), ElementsAre(0));
  EXPECT_EQ(Send(1, Unit(0)), v1::DUPLICATE);
  EXPECT_TRUE(core_.complete());
  EXPECT_TRUE(core_.failure().ok());
  EXPECT_EQ(core_.verified_units().same, 1u);
  EXPECT_THAT(Leased(), IsEmpty());
}

TEST_F(VerifyTest, ACopyOfTheFirstPlayIsNoSecondOne) {
  Join("a", 1);
  Begin(1);
  PlayAll();
  EXPECT_EQ(Send(1, Unit(0)), v1::DUPLICATE) << "nothing was leased again yet";
  EXPECT_FALSE(core_.complete());
  EXPECT_EQ(core_.verified_units().same, 0u);
}

TEST_F(VerifyTest, ADifferenceIsTheEndAndNamesUnitFieldAndStep) {
  Join("a", 1);
  Join("b", 2);
  Begin(1);
  ASSERT_THAT(Leased(), ElementsAre(0, 2, 4, 6));
  ASSERT_EQ(Send(1, Unit(2)), v1::ACCEPTED);
  core_.Leave(1);
  core_.Leave(2);
  Join("c", 3);
  v1::Trajectory other = Unit(2);
  // x of step 1: two numbers of two episodes a step; the second number of the second episode.
  Poke(other, 0, 2 * 2 + 3, 77);
  std::vector<uint32_t> units = Leased();
  ASSERT_EQ(std::count(units.begin(), units.end(), 2), 1) << "beside what is not there";
  EXPECT_EQ(Send(3, other), v1::DUPLICATE_DIFFERS);
  EXPECT_THAT(std::string(core_.failure().message()),
              AllOf(HasSubstr("the unit of episodes 2 to 3 of update 1 was played twice and differs: observation[1] of "
                              "episode 3 at step 1 is 31.011, then 77 (actors a and c)"),
                    HasSubstr("is not a function of its seeds")));
  EXPECT_EQ(core_.verified_units().different, 1u);
  EXPECT_THAT(decisions_.warnings, IsEmpty());
}

TEST_F(VerifyTest, AMeasureThatDiffersIsNamedToo) {
  Join("a", 1);
  Begin(1);
  PlayAll();
  ASSERT_THAT(Leased(), ElementsAre(0));
  v1::Trajectory other = Unit(0);
  other.mutable_measures(0)->set_values(1, 5);
  other.set_sha256(PayloadSha256(other));
  EXPECT_EQ(Send(1, other), v1::DUPLICATE_DIFFERS);
  EXPECT_THAT(std::string(core_.failure().message()), HasSubstr("measure hits of episode 1 is 1001, then 5"));
}

TEST_F(VerifyTest, AnActorThatGoesIsReplaced) {
  Join("a", 1);
  Begin(1);
  PlayAll();
  ASSERT_THAT(Leased(), ElementsAre(0));
  core_.Disconnect(1, 1);
  Join("b", 2);
  EXPECT_THAT(Leased(), ElementsAre(0));
  EXPECT_EQ(Send(2, Unit(0)), v1::DUPLICATE);
  EXPECT_TRUE(core_.complete());
}

TEST_F(VerifyTest, TheFirstThreeUpdatesOfAProcessAreVerifiedThenOneInTen) {
  Join("a", 1);
  std::vector<uint32_t> verified;
  for (uint32_t update = 5; update <= 20; ++update) {
    Begin(update);
    PlayAll(update);
    if (core_.complete()) continue;
    verified.push_back(update);
    ASSERT_THAT(Leased(), ElementsAre(0));
    ASSERT_EQ(Send(1, Unit(0, update)), v1::DUPLICATE);
    ASSERT_TRUE(core_.complete());
  }
  EXPECT_THAT(verified, ElementsAre(5, 6, 7, 10, 20));
}

class VerifyAsyncTest : public VerifyTest {
 protected:
  VerifyAsyncTest() : VerifyTest(1) {}
};

TEST_F(VerifyAsyncTest, ADifferenceIsWarnedOf) {
  Join("a", 1);
  Begin(1);
  core_.Decide(1);
  for (const uint32_t first : {0, 2, 4, 6}) ASSERT_EQ(Send(1, Unit(first)), v1::ACCEPTED);
  core_.Decide(1);
  v1::Trajectory other = Unit(0);
  Poke(other, 2, 0, 77);
  EXPECT_EQ(Send(1, other), v1::DUPLICATE_DIFFERS);
  EXPECT_TRUE(core_.failure().ok());
  EXPECT_TRUE(core_.complete());
  EXPECT_THAT(core_.Decide(1).warnings, ElementsAre(HasSubstr("played twice and differs: ")));
  EXPECT_EQ(core_.verified_units().different, 1u);
}

TEST_F(VerifyAsyncTest, OtherWeightsDecideNothing) {
  Join("a", 1);
  Begin(2);
  core_.Decide(1);
  for (const uint32_t first : {0, 2, 4, 6}) ASSERT_EQ(Send(1, Unit(first, 2)), v1::ACCEPTED);
  core_.Decide(1);
  v1::Trajectory other = Unit(0, 2);
  other.set_policy_version(1);
  EXPECT_EQ(Send(1, other), v1::DUPLICATE);
  EXPECT_TRUE(core_.complete());
  EXPECT_EQ(core_.verified_units().undecided, 1u);
}

}  // namespace
}  // namespace nmn::ingest
