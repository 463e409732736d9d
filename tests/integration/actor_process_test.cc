// nmn-actor processes with real rollouts against a LearnerServer in this process, over TCP.

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <list>
#include <stop_token>
#include <string>
#include <vector>

#include "actor/rollout.h"
#include "common/build/build.h"
#include "common/config/config.h"
#include "common/nn/network_spec.h"
#include "learner/service/learner_server.h"
#include "nmn/v1/learner.grpc.pb.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

using service::CollectedBatch;
using service::LearnerServer;
using ::testing::HasSubstr;
using testing::Subprocess;

constexpr uint32_t kUpdates = 3;
constexpr std::chrono::seconds kCollectLimit{60};
constexpr std::chrono::milliseconds kLookEvery{20};

v1::RunConfig SmallRun() {
  v1::RunConfig config = *config::Preset("reference", "b1", "nmn");
  EXPECT_TRUE(config::Set("env.horizon=200", config).ok());
  config.mutable_ppo()->set_episodes_per_update(30);
  config.mutable_work()->set_unit_episodes(2);
  return config;
}

std::vector<float> Parameters(const v1::RunConfig& config, uint32_t version) {
  return nn::InitialParameters(*nn::MakeNetworkSpec(config.network(), nn::Role::kActor, 1, nn::BoxOf(1)), version);
}

// All numbers of a batch, in a fixed order.
std::vector<float> Numbers(const trajectory::TrajectoryBatch& batch) {
  std::vector<float> numbers;
  for (size_t f = 0; f < batch.layout().fields().size(); ++f) {
    const ConstView3 array = batch.array(f);
    numbers.insert(numbers.end(), array.data, array.data + array.planes * array.rows * array.columns);
  }
  return numbers;
}

// What the update must hold: the same episodes, played here in one batch.
std::vector<float> PlayedHere(const v1::RunConfig& config, uint32_t update) {
  const uint32_t episodes = config.ppo().episodes_per_update();
  v1::RunConfig without_cost = config;
  without_cost.mutable_env()->clear_step_cost_us();
  const auto engine = *actor::RolloutEngine::Create(without_cost, episodes);
  engine->SetParameters(Parameters(config, update), update);
  const auto rollout = *engine->Run({.seed = config.seed(),
                                     .update = update,
                                     .first_episode = 0,
                                     .first_global_episode = uint64_t{update - 1} * episodes},
                                    episodes);
  return Numbers(rollout.trajectories);
}

class ActorProcess : public ::testing::Test {
 protected:
  void Serve(const v1::RunConfig& config, uint32_t generation = 1, const std::string& listen = "127.0.0.1:0") {
    server_.reset();
    LearnerServer::Options options;
    options.config = config;
    options.config_hash = config::Hash(config);
    options.run_id = "run";
    options.generation = generation;
    options.listen = listen;
    options.build = build::ThisBuild();
    server_ = *LearnerServer::Start(options);
  }
  Subprocess& Actor(const std::string& address) {
    return actors_.emplace_back(Subprocess(
        std::vector<std::string>{testing::Binary("nmn-actor"), "--learner=" + address, "--connect_timeout=20"}));
  }
  // Whether the only actor has units, and said in a heartbeat that it holds their weights.
  bool IsPlaying(uint32_t version) {
    grpc::ClientContext context;
    v1::GetStatusResponse status;
    return v1::LearnerService::NewStub(server_->InProcessChannel())->GetStatus(&context, {}, &status).ok() &&
           status.actors_size() == 1 && status.actors(0).units_leased() > 0 &&
           status.actors(0).policy_version() == version;
  }
  // Fails at once where an actor ends by itself, e.g. because the learner refuses it, and after a minute.
  void CollectAndCompare(const v1::RunConfig& config, uint32_t update) {
    server_->Publish(update, Parameters(config, update));
    std::stop_source stop;
    auto collected = std::async(std::launch::async, [&] { return server_->Collect(update, stop.get_token()); });
    const auto deadline = std::chrono::steady_clock::now() + kCollectLimit;
    while (collected.wait_for(kLookEvery) == std::future_status::timeout) {
      const auto refused = std::find_if(actors_.begin(), actors_.end(),
                                        [](Subprocess& actor) { return !actor.running() && actor.Wait() == 42; });
      if (refused == actors_.end() && std::chrono::steady_clock::now() < deadline) continue;
      stop.request_stop();
      for (const Subprocess& actor : actors_) ADD_FAILURE() << "update " << update << ": " << actor.err();
    }
    const auto batch = collected.get();
    ASSERT_TRUE(batch.ok()) << batch.status();
    EXPECT_EQ(Numbers(batch->trajectories), PlayedHere(config, update)) << "update " << update;
  }

  std::unique_ptr<LearnerServer> server_;
  std::list<Subprocess> actors_;
};

TEST_F(ActorProcess, ThreeActorsGiveTheBitsOfOneBatchPlayedHereAndEndWithTheRun) {
  const v1::RunConfig config = SmallRun();
  Serve(config);
  for (int i = 0; i < 3; ++i) Actor(server_->address());
  for (uint32_t update = 1; update <= kUpdates; ++update) CollectAndCompare(config, update);
  // One that is slow to start hears of the end like the others.
  for (Subprocess& actor : actors_) ASSERT_TRUE(actor.WaitForOutput("generation 1"));
  server_->Complete();
  for (Subprocess& actor : actors_) EXPECT_EQ(actor.Wait(), 0) << actor.err();
}

TEST_F(ActorProcess, KilledActorsChangeNoBit) {
  v1::RunConfig config = SmallRun();
  config.mutable_env()->set_step_cost_us(50);  // 10 ms an episode: time enough to die in the middle
  Serve(config);
  Actor(server_->address());
  for (uint32_t update = 1; update <= kUpdates; ++update) {
    Subprocess victim({testing::Binary("nmn-actor"), "--learner=" + server_->address()});
    auto killed = std::async(std::launch::async, [&] {
      EXPECT_TRUE(victim.WaitForOutput("generation 1")) << victim.err();
      victim.Signal(SIGKILL);
    });
    CollectAndCompare(config, update);
    killed.get();
  }
}

TEST_F(ActorProcess, SigtermInTheMiddleOfAnEpisodeEndsWithZero) {
  v1::RunConfig config = SmallRun();
  config.mutable_env()->set_step_cost_us(10'000);
  Serve(config);
  Subprocess& actor = Actor(server_->address());
  server_->Publish(1, Parameters(config, 1));
  std::stop_source stop;
  auto collected = std::async(std::launch::async, [&] { return server_->Collect(1, stop.get_token()).status(); });
  const auto deadline = std::chrono::steady_clock::now() + kCollectLimit;
  while (!IsPlaying(1) && std::chrono::steady_clock::now() < deadline) collected.wait_for(kLookEvery);
  EXPECT_TRUE(IsPlaying(1)) << actor.err();
  actor.Signal(SIGTERM);
  EXPECT_EQ(actor.Wait(std::chrono::seconds(20)), 0) << actor.err();
  stop.request_stop();
  EXPECT_EQ(collected.get().code(), absl::StatusCode::kCancelled);
}

TEST_F(ActorProcess, SurvivesARestartOfItsLearner) {
  const v1::RunConfig config = SmallRun();
  Serve(config);
  const std::string address = server_->address();
  Subprocess& actor = Actor(address);
  CollectAndCompare(config, 1);
  Serve(config, 2, address);
  CollectAndCompare(config, 2);
  server_->Complete();
  EXPECT_EQ(actor.Wait(), 0) << actor.err();
}

TEST_F(ActorProcess, ARefusedActorEndsWith42AndTheReason) {
  LearnerServer::Options options;
  options.config = SmallRun();
  options.config_hash = config::Hash(options.config);
  options.run_id = "run";
  options.generation = 1;
  options.listen = "127.0.0.1:0";
  options.build = build::ThisBuild();
  options.build.set_commit("another");
  server_ = *LearnerServer::Start(options);
  server_->Publish(1, Parameters(options.config, 1));
  Subprocess& actor = Actor(server_->address());
  EXPECT_EQ(actor.Wait(std::chrono::seconds(20)), 42);
  EXPECT_THAT(actor.err(), HasSubstr("another"));
}

TEST_F(ActorProcess, AnActorOfAnotherTaskIsRefusedByBothSides) {
  const v1::RunConfig config = SmallRun();
  Serve(config);
  server_->Publish(1, Parameters(config, 1));
  const auto outcome = testing::RunProcess(
      {testing::Binary("nmn-actor"), "--learner=" + server_->address(), "--connect_timeout=20", "--task=b2"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, ::testing::AllOf(HasSubstr("cannot play this run: task.name is"),
                                            HasSubstr("task.observation_size is 2, the run's is 1")));
  grpc::ClientContext context;
  v1::GetStatusResponse status;
  ASSERT_TRUE(v1::LearnerService::NewStub(server_->InProcessChannel())->GetStatus(&context, {}, &status).ok());
  EXPECT_EQ(status.rejects().at("WRONG_CONFIG"), 1u);
}

TEST(ActorCommandLine, SaysOnceThatItWaitsAndGivesUpWithOne) {
  const auto outcome =
      testing::RunProcess({testing::Binary("nmn-actor"), "--learner=127.0.0.1:1", "--connect_timeout=0.3"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("waiting for the learner at 127.0.0.1:1: nobody listens there (Connection refused)"));
  EXPECT_THAT(outcome.err, HasSubstr("(--connect_timeout): nobody listens there (Connection refused)"));
}

TEST(ActorCommandLine, RefusesWhatIsWrongInOneLineWith42) {
  for (const char* flag :
       {"--learner=nowhere", "--learner=localhost:0", "--learner=a b:1", "--learner=", "--learner=h:1,--actor_id=A B",
        "--learner=h:1,--log_level=loud", "--learner=h:1,--connect_timeout=-1", "--learner=h:1,--nonsense",
        "--learner=h:1,--task=b9", "--actor_id=a"}) {
    std::vector<std::string> arguments = {testing::Binary("nmn-actor")};
    std::string rest = flag;
    for (size_t comma; (comma = rest.find(",--")) != std::string::npos; rest = rest.substr(comma + 1)) {
      arguments.push_back(rest.substr(0, comma));
    }
    arguments.push_back(rest);
    const auto outcome = testing::RunProcess(arguments);
    EXPECT_EQ(outcome.code, 42) << flag;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << flag << ": " << outcome.err;
    EXPECT_THAT(outcome.err, ::testing::StartsWith("nmn-actor: ")) << flag;
  }
}

TEST(ActorCommandLine, TakesFlagsFromTheEnvironment) {
  const auto outcome = testing::RunProcess({testing::Binary("nmn-actor"), "--connect_timeout=0.2"},
                                           std::chrono::seconds(20), {"NMN_LEARNER=127.0.0.1:1"});
  EXPECT_EQ(outcome.code, 1);
}

}  // namespace
}  // namespace nmn
