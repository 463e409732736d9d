// Worker over tasks that fail.

#include "actor/worker.h"

#include <gtest/gtest.h>

#include "common/config/config.h"
#include "tests/unit/actor/fake_engine.h"

namespace nmn::actor {
namespace {

// Fails the first `failures` times.
class FailingEngine final : public FakeEngine {
 public:
  FailingEngine(const v1::RunConfig& config, int failures, absl::Status failure, int& runs)
      : FakeEngine(config), failures_(failures), failure_(std::move(failure)), runs_(runs) {}

  absl::StatusOr<RolloutResult> Run(const env::BatchKey& key, size_t lanes, float temperature,
                                    const std::atomic<bool>* stop, RolloutObserver* observer) override {
    if (runs_++ < failures_) return failure_;
    return FakeEngine::Run(key, lanes, temperature, stop, observer);
  }

 private:
  const int failures_;
  const absl::Status failure_;
  int& runs_;
};

// What comes of one unit whose task fails so often, and how often it was played.
struct Played {
  Worker::Output output;
  int runs = 0;
  bool had_unit = true;  // when it said that there is something new
};

Played PlayOneUnit(int failures, absl::Status failure) {
  v1::RunConfig config;
  config.mutable_env()->set_horizon(2);
  config.mutable_ppo()->set_episodes_per_update(1);
  prometheus::Registry registry;
  ActorMetrics metrics(registry);
  Played played;
  Mutex mutex;
  CondVar changed;
  bool done = false;
  v1::UnitId unit;
  unit.set_update(1);
  unit.set_count(1);
  const Worker* told = nullptr;
  Worker worker({config, {"r", 1, 0, {"hits"}}, 1, &metrics},
                std::make_unique<FailingEngine>(config, failures, std::move(failure), played.runs), [&] {
                  MutexLock lock(mutex);
                  played.had_unit = told->HasUnit(unit);
                  done = true;
                  changed.NotifyAll();
                });
  auto weights = std::make_shared<PolicyWeights>();
  weights->version = 1;
  weights->parameters = {0};
  told = &worker;
  worker.Start({{unit}, weights});
  MutexLock lock(mutex);
  while (!done) changed.Wait(mutex);
  played.output = worker.Take();
  return played;
}

// A lease of it that comes at once is played, and not taken for one that is.
TEST(ActorWorker, AUnitThatIsInAnOutputIsHadNoMore) { EXPECT_FALSE(PlayOneUnit(0, absl::OkStatus()).had_unit); }

TEST(ActorWorker, ATaskThatFailsByChanceIsPlayedAgain) {
  const Played played = PlayOneUnit(3, absl::AbortedError("the simulator died"));
  EXPECT_TRUE(played.output.failure.ok()) << played.output.failure;
  EXPECT_EQ(played.output.trajectories.size(), 1);
  EXPECT_EQ(played.runs, 4);
}

TEST(ActorWorker, ATaskThatFailsAfterThreeNewBeginningsHasFailed) {
  for (const absl::Status& failure : {absl::AbortedError("raises"), absl::UnavailableError("killed"),
                                      absl::DeadlineExceededError("hangs"), absl::OutOfRangeError("NaN")}) {
    const Played played = PlayOneUnit(4, failure);
    EXPECT_EQ(played.output.failure, failure);
    EXPECT_TRUE(played.output.trajectories.empty());
    EXPECT_EQ(played.runs, 4);
  }
}

TEST(ActorWorker, BrokenWeightsAreNotTriedAgain) {
  EXPECT_EQ(PlayOneUnit(1, absl::DataLossError("not finite")).runs, 1);
}

}  // namespace
}  // namespace nmn::actor
