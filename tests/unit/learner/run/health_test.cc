// What a whole run says of its health.

#include <gtest/gtest.h>

#include <future>
#include <stop_token>
#include <thread>

#include "actor/session.h"
#include "common/build/build.h"
#include "common/failpoint/failpoint.h"
#include "learner/run/learner_run.h"
#include "tests/support/subprocess.h"

namespace nmn::run {
namespace {

class Unheard : public RunObserver {
 public:
  void OnUpdate(const UpdateSummary&) override {}
  void OnNotice(const std::string&) override {}
};

v1::RunConfig TinyConfig() {
  v1::RunConfig config = *config::Preset("reference", "b1", "nmn");
  for (const char* assignment :
       {"env.horizon=30", "ppo.kept_steps=20", "ppo.segment_steps=10", "ppo.episodes_per_update=4",
        "ppo.critic.replay_episodes=4", "ppo.critic.minibatch_segments=8", "ppo.policy.epochs=1", "ppo.critic.epochs=1",
        "work.unit_episodes=4"}) {
    EXPECT_TRUE(config::Set(assignment, config).ok()) << assignment;
  }
  config.mutable_budget()->Clear();
  config.mutable_budget()->set_updates(50);
  return config;
}

// Blocks until the health is `serving`, for a minute at most; whether it is.
bool BecomesServing(LearnerRun& run, bool serving) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (run.server().serving() != serving && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  return run.server().serving() == serving;
}

TEST(RunHealth, AStuckUpdateIsNotServingAndWaitingForActorsIs) {
  const testing::TemporaryDirectory folder;
  RunOptions options;
  options.config = TinyConfig();
  options.directory = folder.path();
  options.stuck_after = 0.1;
  Unheard observer;
  auto run = LearnerRun::Start(options, observer);
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_TRUE(failpoint::Arm("run.update.begin=hit:1:delay:3000", 0).ok());
  std::stop_source stop;
  auto code = std::async(std::launch::async, [&] { return (*run)->Run(stop.get_token()); });
  // Three times as long as the update may take: without an actor nothing is expected of the run.
  EXPECT_FALSE(code.wait_for(std::chrono::milliseconds(300)) == std::future_status::ready);
  EXPECT_TRUE((*run)->server().serving());

  actor::ActorSession::Options actor;
  actor.actor_id = "a";
  actor.build = build::ThisBuild();
  std::thread session([&] { actor::ActorSession((*run)->server().InProcessChannel(), actor).Run(std::stop_token()); });
  EXPECT_TRUE(BecomesServing(**run, false));
  EXPECT_TRUE(BecomesServing(**run, true));
  EXPECT_EQ(code.get(), kExitDone);
  session.join();
  ASSERT_TRUE(failpoint::Arm("", 0).ok());
}

}  // namespace
}  // namespace nmn::run
