#include "learner/ingest/core.h"

#include <gmock/gmock.h>

#include "common/nn/gaussian_head.h"
#include "tests/support/deliver.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

const BatchShape kShape{.horizon = 2,
                        .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
                        .episodes = 8,
                        .measures = {}};

class CoreTest : public testing::Test {
 protected:
  void Join(const std::string& id, StreamId stream, Time now = 0, uint64_t incarnation = 1) {
    ASSERT_TRUE(core_.Register(id, incarnation, 0, now).ok());
    core_.Connect(stream, now);
    ASSERT_TRUE(core_.Hello(stream, FakeHello(id, incarnation), now).ok());
  }
  void Begin(uint32_t update) {
    core_.Publish(update);
    core_.Open(update);
  }
  v1::RejectReason Send(StreamId stream, const v1::Trajectory& trajectory, Time now = 1) {
    const Verdict first = core_.Examine(stream, trajectory, trajectory.ByteSizeLong(), now);
    return first.accepted() ? Deliver(core_, kShape.layout, stream, trajectory, now).reason : first.reason;
  }
  // A whole unit of two episodes.
  v1::RejectReason SendUnit(StreamId stream, uint32_t first, uint32_t update = 1, Time now = 1) {
    return Send(stream, FakeTrajectory(kShape, update, first, 2, first, 2), now);
  }
  static std::vector<uint32_t> Firsts(const Grant& grant) {
    std::vector<uint32_t> firsts;
    for (const v1::UnitId& unit : grant.lease.units()) firsts.push_back(unit.first_episode());
    return firsts;
  }

  static v1::TaskSpec MakeTask(uint32_t version) {
    v1::TaskSpec task;
    task.set_name("task");
    task.set_version(version);
    return task;
  }

  Core core_{{.run_id = kRunId,
              .generation = 1,
              .config_hash = "hash",
              .task = MakeTask(1),
              .shape = kShape,
              .unit_episodes = 2,
              .lease_seconds = 10,
              .max_actors = 3,
              .max_message_bytes = 8 << 20}};
};

TEST_F(CoreTest, NoLeaseBeforeTheWeightsOfItsUpdateAreThere) {
  Join("a", 1);
  core_.Open(1);
  EXPECT_TRUE(core_.Decide(0).grants.empty());
  core_.Publish(1);
  EXPECT_EQ(core_.Decide(0).grants.size(), 1u);
}

TEST_F(CoreTest, AnActorWhoseTaskIsAnotherIsRefusedWithTheDifference) {
  ASSERT_TRUE(core_.Register("a", 1, 3, 0).ok());
  core_.Connect(1, 0);
  v1::Hello hello = FakeHello("a");
  *hello.mutable_task() = MakeTask(2);
  const absl::Status refusal = core_.Hello(1, hello, 0);
  EXPECT_EQ(refusal.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refusal.message(), "the actor plays another task: task.version is 2, the run's is 1");
  EXPECT_EQ(core_.actors().actors().at("a").last_error, refusal.message());  // nmn status shows it
  *hello.mutable_task() = MakeTask(1);
  EXPECT_TRUE(core_.Hello(1, hello, 0).ok());
}

TEST_F(CoreTest, SharesTheUnitsAmongTheConnected) {
  Join("a", 1);
  Join("b", 2);
  Begin(1);
  const Decisions decisions = core_.Decide(0);
  ASSERT_EQ(decisions.grants.size(), 2u);
  EXPECT_THAT(Firsts(decisions.grants[0]), testing::ElementsAre(0, 2));
  EXPECT_THAT(Firsts(decisions.grants[1]), testing::ElementsAre(4, 6));
}

TEST_F(CoreTest, ALeaseHasNoMoreEpisodesThanTheActorHasLanes) {
  ASSERT_TRUE(core_.Register("a", 1, 3, 0).ok());
  core_.Connect(1, 0);
  ASSERT_TRUE(core_.Hello(1, FakeHello("a"), 0).ok());
  Begin(1);
  EXPECT_EQ(core_.Decide(0).grants.at(0).lease.units_size(), 1);
}

TEST_F(CoreTest, IsCompleteWhenEveryEpisodeIsThere) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  for (const uint32_t first : {6u, 0u, 4u, 2u}) {
    EXPECT_FALSE(core_.complete());
    EXPECT_EQ(SendUnit(1, first), v1::ACCEPTED);
  }
  EXPECT_TRUE(core_.complete());
}

TEST_F(CoreTest, AUnitMayComeInParts) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  EXPECT_EQ(Send(1, FakeTrajectory(kShape, 1, 0, 2, 1, 1)), v1::ACCEPTED);
  EXPECT_EQ(Send(1, FakeTrajectory(kShape, 1, 0, 2, 0, 1)), v1::ACCEPTED);
  EXPECT_EQ(core_.actors().actors().at("a").units_accepted, 1u);
}

TEST_F(CoreTest, AnEpisodeIsHereOnlyWhenItIsCopied) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  for (const uint32_t first : {0u, 2u, 4u}) SendUnit(1, first);
  const v1::Trajectory last = FakeTrajectory(kShape, 1, 6, 2, 6, 2);
  Slab::Claim claim;
  ASSERT_TRUE(core_.Claim(1, last, {}, 1, claim).accepted());
  EXPECT_FALSE(core_.complete());
  EXPECT_EQ(SendUnit(1, 6), v1::DUPLICATE);  // a copy that comes meanwhile
  claim.Write(last);
  EXPECT_FALSE(core_.complete());
  core_.Disconnect(1, 1);  // its sender is gone meanwhile
  EXPECT_TRUE(core_.Keep(1, last, claim, 1).accepted());
  EXPECT_TRUE(core_.complete());
  EXPECT_EQ(core_.lease_counts().outstanding + core_.lease_counts().unleased, 0u);
}

TEST_F(CoreTest, TheUnitsOfALostActorGoToAnother) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  Join("b", 2, 1);
  EXPECT_TRUE(core_.Decide(1).grants.empty());
  core_.Disconnect(1, 1);
  EXPECT_EQ(core_.Decide(1).grants.at(0).lease.units_size(), 4);
}

TEST_F(CoreTest, AResultThatComesAfterItsLeaseRanOutStillCounts) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  core_.Decide(11);
  EXPECT_EQ(SendUnit(1, 0, 1, 12), v1::ACCEPTED);
}

TEST_F(CoreTest, WhoLetALeaseRunOutGetsNothingForOneMoreLease) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  EXPECT_TRUE(core_.Decide(10).grants.empty());
  EXPECT_TRUE(core_.Decide(19.9).grants.empty());
  EXPECT_EQ(core_.Decide(20).grants.size(), 1u);
}

TEST_F(CoreTest, ALateUnitIsIssuedTwiceAndTheFirstResultWins) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  Join("b", 2, 1);
  EXPECT_EQ(core_.Decide(5).grants.at(0).stream, 2u);
  EXPECT_EQ(SendUnit(2, 0, 1, 6), v1::ACCEPTED);
  EXPECT_EQ(SendUnit(1, 0, 1, 7), v1::DUPLICATE);
}

TEST_F(CoreTest, AnUnequalDuplicateIsCountedAndKeptOut) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  SendUnit(1, 0);
  v1::Trajectory other = FakeTrajectory(kShape, 1, 0, 2, 0, 2);
  Poke(other, 3, 0, -5);
  EXPECT_EQ(Send(1, other), v1::DUPLICATE_DIFFERS);
  EXPECT_EQ(core_.rejects().at(v1::DUPLICATE_DIFFERS), 1u);
  EXPECT_EQ(core_.slab().batch().reward()(0, 0), FakeValue(v1::REWARD, 0, 0, 0));
}

TEST_F(CoreTest, APartThatContradictsAnEpisodeIsKeptOutWhole) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  Send(1, FakeTrajectory(kShape, 1, 0, 2, 0, 1));
  v1::Trajectory other = FakeTrajectory(kShape, 1, 0, 2, 0, 2);
  Poke(other, 3, 0, -5);
  EXPECT_EQ(Send(1, other), v1::DUPLICATE_DIFFERS);
  EXPECT_FALSE(core_.slab().Has(1));
}

TEST_F(CoreTest, AResendAfterTheUpdateIsOverIsADuplicate) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  for (const uint32_t first : {0u, 2u, 4u, 6u}) SendUnit(1, first);
  Begin(2);
  EXPECT_EQ(SendUnit(1, 4), v1::DUPLICATE);
}

TEST_F(CoreTest, AnUpdateStaysReadableWhileTheNextIsCollected) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  for (const uint32_t first : {0u, 2u, 4u, 6u}) SendUnit(1, first);
  const trajectory::TrajectoryBatch one = core_.slab().batch();
  Begin(2);
  core_.Decide(0);
  for (const uint32_t first : {0u, 2u, 4u, 6u}) EXPECT_EQ(SendUnit(1, first, 2), v1::ACCEPTED);
  const float first = FakeValue(v1::REWARD, 0, 0, 0);
  EXPECT_EQ(one.reward()(0, 0), first);
  EXPECT_NE(one.reward().data, core_.slab().batch().reward().data);
}

TEST_F(CoreTest, RefusesByReasonAndNothingEntersTheSlab) {
  Join("a", 1);
  Join("b", 2);
  Begin(3);
  core_.Decide(0);
  const auto spoilt = [](auto spoil) {
    v1::Trajectory trajectory = FakeTrajectory(kShape, 3, 0, 2, 0, 2);
    spoil(trajectory);
    return trajectory;
  };
  EXPECT_EQ(Send(1, spoilt([](auto& t) { t.set_generation(2); })), v1::STALE_GENERATION);
  EXPECT_EQ(Send(1, spoilt([](auto& t) { t.set_policy_version(2); })), v1::STALE_POLICY);
  EXPECT_EQ(SendUnit(1, 0, 1), v1::STALE_POLICY);
  EXPECT_EQ(SendUnit(1, 0, 4), v1::UNKNOWN_UNIT);
  EXPECT_EQ(Send(1, spoilt([](auto& t) { t.mutable_unit()->set_count(4); })), v1::UNKNOWN_UNIT);
  EXPECT_EQ(Send(1, spoilt([](auto& t) { t.mutable_unit()->set_first_episode(1); })), v1::UNKNOWN_UNIT);
  EXPECT_EQ(SendUnit(2, 0, 3), v1::UNKNOWN_UNIT);  // leased to the other
  EXPECT_EQ(Send(1, spoilt([](auto& t) { t.set_run_id("another"); })), v1::WRONG_RUN);
  EXPECT_EQ(core_.Examine(1, spoilt([](auto&) {}), (8 << 20) + 1, 1).reason, v1::OVERSIZE);
  EXPECT_FALSE(core_.slab().Has(0));
}

TEST_F(CoreTest, ThreeMalformedMessagesQuarantineForAMinute) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  for (int i = 0; i < 3; ++i) {
    v1::Trajectory bad = FakeTrajectory(kShape, 1, 0, 2, 0, 2);
    bad.clear_sha256();
    EXPECT_EQ(Send(1, bad), v1::DIGEST_MISMATCH);
  }
  EXPECT_EQ(SendUnit(1, 0), v1::QUARANTINED);
  EXPECT_TRUE(core_.Decide(60.9).grants.empty());
  EXPECT_EQ(core_.Decide(61).grants.size(), 1u);
  EXPECT_EQ(SendUnit(1, 0, 1, 61), v1::ACCEPTED);
}

TEST_F(CoreTest, StaleMessagesDoNotQuarantine) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  for (int i = 0; i < 5; ++i) {
    v1::Trajectory old = FakeTrajectory(kShape, 1, 0, 2, 0, 2);
    old.set_generation(0);
    EXPECT_EQ(Send(1, old), v1::STALE_GENERATION);
  }
  EXPECT_EQ(SendUnit(1, 0), v1::ACCEPTED);
}

TEST_F(CoreTest, HelloOfAnotherRunGenerationOrConfigMustRegisterAgain) {
  ASSERT_TRUE(core_.Register("a", 1, 0, 0).ok());
  core_.Connect(1, 0);
  v1::Hello hello = FakeHello("a");
  hello.set_generation(7);
  EXPECT_EQ(core_.Hello(1, hello, 0).code(), absl::StatusCode::kFailedPrecondition);
  hello = FakeHello("a");
  hello.set_run_id("another");
  EXPECT_EQ(core_.Hello(1, hello, 0).code(), absl::StatusCode::kFailedPrecondition);
  hello = FakeHello("a");
  hello.set_config_hash("another");
  EXPECT_EQ(core_.Hello(1, hello, 0).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(core_.Hello(1, FakeHello("nobody"), 0).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(core_.Hello(1, FakeHello("a"), 0).ok());
}

TEST_F(CoreTest, ANewProcessTakesTheNameAndTheOldOneCannotTakeItBack) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  Join("a", 2, 1, 2);
  const Decisions decisions = core_.Decide(1);
  ASSERT_EQ(decisions.closes.size(), 1u);
  EXPECT_EQ(decisions.closes[0].stream, 1u);
  EXPECT_EQ(decisions.grants.at(0).stream, 2u);
  EXPECT_EQ(core_.Register("a", 1, 0, 2).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CoreTest, ASecondStreamOfTheSameProcessReplacesTheFirst) {
  Join("a", 1);
  Join("a", 2, 1);
  EXPECT_EQ(core_.Decide(1).closes.at(0).stream, 1u);
  core_.Disconnect(1, 1);
  EXPECT_EQ(core_.actors().connected(), 1u);
}

TEST_F(CoreTest, AReconnectedActorMayDeliverWhatItWasLeasedBefore) {
  Join("a", 1);
  Begin(1);
  core_.Decide(0);
  core_.Disconnect(1, 1);
  Join("a", 2, 2);
  EXPECT_EQ(SendUnit(2, 6, 1, 2), v1::ACCEPTED);
}

TEST_F(CoreTest, RefusesActorsBeyondTheLimitAndBadNames) {
  Join("a", 1);
  Join("b", 2);
  Join("c", 3);
  EXPECT_EQ(core_.Register("d", 1, 0, 0).code(), absl::StatusCode::kResourceExhausted);
  for (const char* name : {"", "A", "a b", "a_b"}) {
    EXPECT_EQ(core_.Register(name, 1, 0, 0).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(core_.Register(std::string(65, 'a'), 1, 0, 0).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CoreTest, KnowsABoundedNumberOfActors) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(core_.Register("a" + std::to_string(i), 1, 0, i).ok());
  EXPECT_EQ(core_.actors().actors().size(), 6u);
}

TEST_F(CoreTest, AStreamWithoutHelloIsClosed) {
  core_.Connect(9, 0);
  EXPECT_TRUE(core_.Decide(9.9).closes.empty());
  EXPECT_EQ(core_.Decide(10).closes.at(0).stream, 9u);
}

TEST_F(CoreTest, MessagesAreNumberedWithoutGaps) {
  Join("a", 1);
  EXPECT_TRUE(core_.Count(1, 1, 0).ok());
  EXPECT_TRUE(core_.Count(1, 2, 0).ok());
  EXPECT_EQ(core_.Count(1, 2, 0).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(core_.Count(1, 4, 0).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CoreTest, WhoLeftIsNotWaitedForAtTheEndAndWhoVanishedIsForTenSeconds) {
  Join("a", 1);
  Join("b", 2);
  core_.Leave(1);
  core_.Disconnect(1, 5);
  core_.Disconnect(2, 5);
  EXPECT_EQ(core_.actors().AwaitingGoodbye(14.9), 1u);
  EXPECT_EQ(core_.actors().AwaitingGoodbye(15), 0u);
}

// Two units of two episodes an update; an episode may be played by the version of its update or up to two before.
class AsyncCoreTest : public CoreTest {
 protected:
  AsyncCoreTest() {
    BatchShape shape = kShape;
    shape.episodes = 4;
    core_ = Core({.run_id = kRunId,
                  .generation = 1,
                  .config_hash = "hash",
                  .shape = shape,
                  .unit_episodes = 2,
                  .max_lag = 2,
                  .last_update = 100,
                  .lease_seconds = 10,
                  .max_actors = 3,
                  .max_message_bytes = 8 << 20});
  }
  v1::RejectReason SendUnit(StreamId stream, uint32_t first, uint32_t update, uint32_t version) {
    v1::Trajectory trajectory = FakeTrajectory(kShape, update, first, 2, first, 2);
    trajectory.set_policy_version(version);
    return Send(stream, trajectory);
  }
  // What an idle actor is given now: update and number of units; none: 0, 0.
  std::pair<uint32_t, int> Next(Time now = 0) {
    const std::vector<Grant> grants = core_.Decide(now).grants;
    if (grants.empty()) return {0, 0};
    EXPECT_EQ(grants.size(), 1u);
    return {grants[0].lease.units(0).update(), grants[0].lease.units_size()};
  }
  // Plays all that an idle actor is given.
  void PlayNext(uint32_t version) {
    for (const Grant& grant : core_.Decide(1).grants) {
      EXPECT_EQ(grant.lease.policy_version(), version);
      for (const v1::UnitId& unit : grant.lease.units())
        EXPECT_EQ(SendUnit(grant.stream, unit.first_episode(), unit.update(), version), v1::ACCEPTED);
    }
  }
};

TEST_F(AsyncCoreTest, AnActorRunsAheadByMaxLagUpdatesAndNoMore) {
  Join("a", 1);
  Begin(1);
  PlayNext(1);  // update 1
  EXPECT_TRUE(core_.complete());
  PlayNext(1);  // 2
  PlayNext(1);  // 3
  EXPECT_EQ(Next(1), std::pair(0u, 0));
  core_.Publish(2);
  EXPECT_EQ(Next(1), std::pair(4u, 2));
}

TEST_F(AsyncCoreTest, TheOldestUpdateIsServedFirstWithTheNewestWeights) {
  Join("a", 1);
  Begin(1);
  PlayNext(1);
  PlayNext(1);
  core_.Publish(2);
  core_.Open(2);
  EXPECT_TRUE(core_.complete());
  PlayNext(2);  // of update 3
  core_.Publish(3);
  core_.Open(3);
  EXPECT_THAT(core_.slab().policy_versions(), testing::Each(2));
}

TEST_F(AsyncCoreTest, RefusesVersionsBeyondTheBoundAndThoseThatAreNotPublished) {
  Join("a", 1);
  Begin(5);
  core_.Decide(0);
  EXPECT_EQ(SendUnit(1, 0, 5, 2), v1::STALE_POLICY);
  EXPECT_EQ(SendUnit(1, 0, 5, 0), v1::STALE_POLICY);
  EXPECT_EQ(SendUnit(1, 0, 5, 6), v1::STALE_POLICY);
  EXPECT_EQ(SendUnit(1, 0, 7, 6), v1::STALE_POLICY);
  EXPECT_EQ(SendUnit(1, 0, 5, 3), v1::ACCEPTED);
  EXPECT_EQ(core_.actors().actors().at("a").policy_lag, 2u);
}

TEST_F(AsyncCoreTest, TheSameEpisodesByAnotherVersionAreADuplicate) {
  Join("a", 1);
  Begin(5);
  core_.Decide(0);
  EXPECT_EQ(SendUnit(1, 0, 5, 4), v1::ACCEPTED);
  v1::Trajectory other = FakeTrajectory(kShape, 5, 0, 2, 0, 2);
  Poke(other, 3, 0, -5);
  EXPECT_EQ(Send(1, other), v1::DUPLICATE);
  EXPECT_EQ(core_.slab().batch().reward()(0, 0), FakeValue(v1::REWARD, 0, 0, 0));
  EXPECT_EQ(core_.slab().policy_versions()[0], 4u);
}

TEST_F(AsyncCoreTest, PartsOfAUnitMayBeOfTwoVersions) {
  Join("a", 1);
  Begin(5);
  core_.Decide(0);
  v1::Trajectory part = FakeTrajectory(kShape, 5, 0, 2, 0, 1);
  part.set_policy_version(4);
  EXPECT_EQ(Send(1, part), v1::ACCEPTED);
  v1::Trajectory whole = FakeTrajectory(kShape, 5, 0, 2, 0, 2);
  Poke(whole, 3, 0, -5);  // another version plays something else
  EXPECT_EQ(Send(1, whole), v1::ACCEPTED);
  EXPECT_EQ(core_.slab().policy_versions()[0], 4u);
  EXPECT_EQ(core_.slab().policy_versions()[1], 5u);
  EXPECT_EQ(core_.actors().actors().at("a").units_accepted, 1u);
}

TEST_F(AsyncCoreTest, AnUpdateStaysReadableUntilTheNextIsLearnt) {
  Join("a", 1);
  Begin(1);
  for (int update = 1; update <= 3; ++update) PlayNext(1);
  const trajectory::TrajectoryBatch one = core_.slab().batch();
  core_.Publish(2);
  PlayNext(2);
  core_.Open(2);
  PlayNext(2);
  EXPECT_EQ(one.reward()(0, 0), FakeValue(v1::REWARD, 0, 0, 0));
  EXPECT_NE(one.reward().data, core_.slab().batch().reward().data);
}

TEST_F(AsyncCoreTest, NothingIsOpenedBeyondTheBudget) {
  Join("a", 1);
  Begin(100);
  PlayNext(100);
  EXPECT_TRUE(core_.complete());
  EXPECT_EQ(Next(1), std::pair(0u, 0));
}

// Its slab still holds an earlier update.
TEST_F(AsyncCoreTest, AnUpdateBeyondTheBudgetIsNotComplete) {
  Join("a", 1);
  for (uint32_t update = 97; update <= 100; ++update) {
    Begin(update);
    PlayNext(update);
  }
  Begin(101);
  EXPECT_FALSE(core_.IsOpen(101));
  EXPECT_FALSE(core_.complete());
}

TEST_F(AsyncCoreTest, ALostActorsUnitsOfEveryUpdateGoToAnother) {
  Join("a", 1);
  Begin(1);
  PlayNext(1);
  EXPECT_EQ(Next(1), std::pair(2u, 2));
  core_.Disconnect(1, 2);
  Join("b", 2, 2);
  EXPECT_EQ(Next(2), std::pair(2u, 2));
}

}  // namespace
}  // namespace nmn::ingest
