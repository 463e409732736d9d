// ActorSession against a learner that says what only a corrupted connection would.

#include "actor/session.h"

#include <gtest/gtest.h>

#include "common/sync/mutex.h"
#include "tests/unit/actor/fake_engine.h"
#include "tests/unit/actor/raw_learner.h"

namespace nmn::actor {
namespace {

class CorruptedLearner : public ::testing::Test {
 protected:
  // Until the learner says goodbye.
  void RunSession() {
    ActorSession::Options options;
    options.actor_id = "a";
    options.learner = "the test";
    options.engine = [](const v1::RunConfig& config, size_t) { return std::make_unique<FakeEngine>(config); };
    EXPECT_EQ(ActorSession(learner_.Channel(), options).Run(std::stop_token()), kExitDone);
  }

  RawLearner learner_;
};

TEST_F(CorruptedLearner, AConfigThatIsNotWhatItsHashSaysIsAskedForAgain) {
  learner_.set_on_register([](int nth, v1::RegisterResponse& response) {
    if (nth == 1) response.mutable_config()->set_seed(response.config().seed() ^ 1);
  });
  learner_.set_on_exchange([](int, RawLearner::Stream& stream) { RawLearner::SayGoodbye(stream); });
  RunSession();
  EXPECT_EQ(learner_.registrations, 2);
  EXPECT_EQ(learner_.streams, 1);
}

TEST_F(CorruptedLearner, ALeaseThatTheRunCannotHaveIsNotPlayed) {
  struct Unit {
    uint32_t update, first_episode, count;
  };
  for (const Unit unit : {Unit{1, 0, 1000}, Unit{1, 0, 0}, Unit{1, 2, 1}, Unit{0, 0, 1}}) {
    learner_.streams = 0;
    learner_.set_on_exchange([unit](int nth, RawLearner::Stream& stream) {
      RawLearner::SendWeights(stream, 1);
      if (nth > 1) return RawLearner::SayGoodbye(stream);
      RawLearner::SendLease(stream, unit.update, unit.first_episode, unit.count);
      EXPECT_FALSE(RawLearner::AwaitTrajectory(stream).has_unit());
    });
    RunSession();
    EXPECT_EQ(learner_.streams, 2);
  }
}

TEST_F(CorruptedLearner, AUnitThatIsLeasedAgainIsSentAgain) {
  learner_.set_on_exchange([](int, RawLearner::Stream& stream) {
    RawLearner::SendWeights(stream, 1);
    RawLearner::SendLease(stream, 1, 1, 1);
    const v1::Trajectory first = RawLearner::AwaitTrajectory(stream);
    RawLearner::SendLease(stream, 1, 1, 1);
    EXPECT_EQ(RawLearner::AwaitTrajectory(stream).sha256(), first.sha256());
    RawLearner::SayGoodbye(stream);
  });
  RunSession();
}

TEST_F(CorruptedLearner, WeightsOfTheWrongVersionAreFetchedAgain) {
  learner_.set_on_exchange([](int, RawLearner::Stream& stream) {
    RawLearner::SendWeights(stream, 9);
    RawLearner::SendLease(stream, 1, 0, 1);
    EXPECT_EQ(RawLearner::AwaitTrajectory(stream).policy_version(), 1u);
    RawLearner::SayGoodbye(stream);
  });
  RunSession();
  EXPECT_EQ(learner_.fetches, 1);
}

// What the first message up says of the actor's task, and how the session ends.
class OtherTask : public ::testing::Test {
 protected:
  ExitCode RunSession(const std::string& task) {
    ActorSession::Options options;
    options.actor_id = "a";
    options.learner = "the test";
    options.task = task;
    options.engine = [](const v1::RunConfig& config, size_t) { return std::make_unique<FakeEngine>(config); };
    learner_.set_on_exchange([this](int, RawLearner::Stream& stream) {
      v1::ActorMessage message;
      EXPECT_TRUE(stream.Read(&message));
      {
        const MutexLock lock(mutex_);
        told_ = message.hello().task();
      }
      RawLearner::SayGoodbye(stream);
    });
    return ActorSession(learner_.Channel(), options).Run(std::stop_token());
  }

  v1::TaskSpec Told() {
    const MutexLock lock(mutex_);
    return told_;
  }

  RawLearner learner_;

 private:
  Mutex mutex_;
  v1::TaskSpec told_ NMN_GUARDED_BY(mutex_);
};

TEST_F(OtherTask, OneOfAnotherVersionIsToldToTheLearnerAndNotPlayed) {
  learner_.set_on_register([](int, v1::RegisterResponse& response) {
    response.mutable_config()->mutable_task()->set_version(2);
    response.set_config_hash(config::Hash(response.config()));
  });
  EXPECT_EQ(RunSession(""), kExitPermanent);
  EXPECT_EQ(Told().version(), 1u);
  EXPECT_EQ(learner_.streams, 1);
}

TEST_F(OtherTask, AnActorOfOneTaskPlaysNoOther) {
  EXPECT_EQ(RunSession("b2"), kExitPermanent);
  EXPECT_EQ(Told().name(), "b2");
  EXPECT_EQ(learner_.streams, 1);
}

TEST_F(OtherTask, TheSameTaskIsPlayed) {
  EXPECT_EQ(RunSession("b1"), kExitDone);
  EXPECT_EQ(Told().name(), "b1");
}

}  // namespace
}  // namespace nmn::actor
