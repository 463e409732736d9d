// Trajectories of b1's preset from an actor's session, which plays at once what it played before, into the learner's
// slab.

#include <array>
#include <map>
#include <memory>
#include <thread>

#include "actor/session.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/networks.h"
#include "cli/bench/timing.h"
#include "common/build/build.h"
#include "common/config/config.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/sync/stop.h"
#include "learner/service/learner_server.h"

namespace nmn::cli::bench {
namespace {

// Plays the first batch of each width, and shows it again for every other.
class ReplayedRollout final : public actor::RolloutEngine {
 public:
  explicit ReplayedRollout(v1::RunConfig config) : config_(std::move(config)) {}

  void SetParameters(std::span<const float> parameters) override {
    if (parameters_.empty()) parameters_.assign(parameters.begin(), parameters.end());
  }

  absl::StatusOr<actor::RolloutResult> Run(const env::BatchKey& key, size_t lanes, bool use_mean,
                                           const std::atomic<bool>* stop, actor::RolloutObserver* observer) override {
    Played& played = played_[lanes];
    if (played.engine == nullptr) {
      auto engine = actor::RolloutEngine::Create(config_, lanes);
      if (!engine.ok()) return engine.status();
      (*engine)->SetParameters(parameters_);
      auto result = (*engine)->Run(key, lanes, use_mean, stop, observer);
      if (!result.ok()) return result.status();
      played = {*std::move(engine), *std::move(result)};
    }
    actor::RolloutResult result = played.result;
    result.update = key.update;
    result.first_episode = key.first_episode;
    return result;
  }

 private:
  struct Played {
    std::unique_ptr<actor::RolloutEngine> engine;  // owns what the result shows
    actor::RolloutResult result;
  };
  const v1::RunConfig config_;
  std::vector<float> parameters_;
  std::map<size_t, Played> played_;  // by width
};

absl::StatusOr<std::shared_ptr<grpc::Channel>> Dial(service::LearnerServer& server, bool tcp) {
  if (!tcp) return server.InProcessChannel();
  const absl::StatusOr<net::Address> address = net::ParseServerAddress(server.address(), "--learner");
  if (!address.ok()) return address.status();
  return net::CreateChannel(*address);
}

double TrajectoryBytes(const v1::RunConfig& config) {
  const double numbers = ReferenceSpec(config.benchmark(), nn::Role::kActor).observation_size + 5;
  return numbers * sizeof(float) * config::Horizon(config) * config.ppo().episodes_per_update();
}

absl::StatusOr<Result> Measure(const std::string& name, bool tcp) {
  service::LearnerServer::Options options;
  options.config = ReferenceConfig("b1");
  options.config_hash = config::Hash(options.config);
  options.run_id = "bench";
  options.generation = 1;
  options.build = build::ThisBuild();
  if (tcp) options.listen = "127.0.0.1:0";
  const auto server = service::LearnerServer::Start(options);
  if (!server.ok()) return server.status();
  const auto channel = Dial(**server, tcp);
  if (!channel.ok()) return channel.status();
  const std::vector<float> parameters = nn::InitialParameters(ReferenceSpec("b1", nn::Role::kActor), 1);
  (*server)->Publish(1, parameters);  // first of all: a learner without weights sends actors away

  StopSource stop;
  std::thread actor([&] {
    actor::ActorSession::Options session;
    session.actor_id = "bench";
    session.learner = "this process";
    session.build = options.build;
    session.engine = [](const v1::RunConfig& config, size_t) { return std::make_unique<ReplayedRollout>(config); };
    // An actor that fails would leave the learner waiting for ever.
    if (actor::ActorSession(*channel, session).Run(stop.token()) != kExitDone) stop.RequestStop();
  });
  uint32_t update = 0;
  const std::array<Pass, 1> passes = {[&] {
    if (++update > 1) (*server)->Publish(update, parameters);
    return (*server)->Collect(update, stop.token()).status();
  }};
  // The first updates connect, and play what is shown later.
  auto seconds = Interleave(passes, {.least = 5, .budget_seconds = 0, .clock = Clock::kWall});
  if (seconds.ok()) seconds = Interleave(passes, {.least = 20, .budget_seconds = 1, .clock = Clock::kWall});
  stop.RequestStop();
  actor.join();
  if (!seconds.ok()) return seconds.status();

  Result result;
  result.name = name;
  result.value = TrajectoryBytes(options.config) / (*seconds)[0];
  result.unit = "bytes/s";
  result.conditions = {{"update_bytes", TrajectoryBytes(options.config)}, {"seconds", (*seconds)[0]}};
  return result;
}

}  // namespace

void AddWire(std::vector<Benchmark>& all) {
  for (const bool tcp : {false, true}) {
    const std::string name = tcp ? "wire/tcp" : "wire/in_process";
    all.push_back({name, [name, tcp](const Context&) { return Measure(name, tcp); }});
  }
}

}  // namespace nmn::cli::bench
