// Trajectories of b1's preset from an actor's session, which plays at once what it played before, into the learner's
// slab.

#include "cli/bench/wire.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/session.h"
#include "cli/bench/networks.h"
#include "cli/bench/timing.h"
#include "common/build/build.h"
#include "common/config/config.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/trajectory/message.h"
#include "learner/service/learner_server.h"

namespace nmn::cli::bench {
namespace {

// Plays each batch of the first update, and shows it again for every other update.
class ReplayedRollout final : public actor::RolloutEngine {
 public:
  explicit ReplayedRollout(v1::RunConfig config) : config_(std::move(config)) {}

  void SetParameters(std::span<const float> parameters, uint32_t) override {
    if (parameters_.empty()) parameters_.assign(parameters.begin(), parameters.end());
  }

  absl::StatusOr<actor::RolloutResult> Run(const env::BatchKey& key, size_t lanes, float temperature,
                                           const std::atomic<bool>* stop, actor::RolloutObserver* observer) override {
    Played& played = played_[{key.first_episode, lanes}];
    if (played.engine == nullptr) {
      auto engine = actor::RolloutEngine::Create(config_, lanes);
      if (!engine.ok()) return engine.status();
      (*engine)->SetParameters(parameters_, 1);
      env::BatchKey first = key;
      first.update = 1;
      auto result = (*engine)->Run(first, lanes, temperature, stop, observer);
      if (!result.ok()) return result.status();
      played = {*std::move(engine), *std::move(result)};
    }
    actor::RolloutResult result = played.result;
    result.update = key.update;
    return result;
  }

 private:
  struct Played {
    std::unique_ptr<actor::RolloutEngine> engine;  // owns what the result shows
    actor::RolloutResult result;
  };
  const v1::RunConfig config_;
  std::vector<float> parameters_;
  std::map<std::pair<uint32_t, size_t>, Played> played_;  // by first episode and width
};

absl::StatusOr<std::shared_ptr<grpc::Channel>> Dial(service::LearnerServer& server, bool tcp) {
  if (!tcp) return server.InProcessChannel();
  const absl::StatusOr<net::Address> address = net::ParseServerAddress(server.address(), "--learner");
  if (!address.ok()) return address.status();
  return net::CreateChannel(*address);
}

size_t TrajectoryBytes(const v1::RunConfig& config) {
  const auto layout = *trajectory::LayoutOf(config);
  return trajectory::EpisodeBytes(layout, config::RolloutSteps(config)) * config.ppo().episodes_per_update();
}

// Counts the payload of what the learner takes.
class ReceivedBytes final : public ingest::EventSink {
 public:
  void OnGranted(const ingest::Actor&, const v1::UnitId&) override {}
  void OnVerdict(const ingest::Actor*, const v1::Trajectory& trajectory, const ingest::Verdict& verdict,
                 uint32_t new_episodes) override {
    if (!verdict.accepted() || new_episodes != trajectory.count()) return;
    for (const v1::Block& block : trajectory.blocks()) bytes_ += block.data().size();
  }
  size_t bytes() const { return bytes_; }

 private:
  std::atomic<size_t> bytes_ = 0;
};

// INTERNAL unless these are the observations of the first update, which every other repeats.
absl::Status CheckPlayed(const std::string& name, const v1::RunConfig& config, std::span<const float> parameters,
                         const std::vector<float>& observation) {
  const uint32_t episodes = config.ppo().episodes_per_update();
  const auto engine = actor::RolloutEngine::Create(config, episodes);
  if (!engine.ok()) return engine.status();
  (*engine)->SetParameters(parameters, 1);
  const auto played = (*engine)->Run({.seed = config.seed(), .update = 1}, episodes);
  if (!played.ok()) return played.status();
  const ConstView3 x = played->trajectories.observation();
  if (observation.size() == x.planes * x.rows * x.columns &&
      std::equal(observation.begin(), observation.end(), x.data)) {
    return absl::OkStatus();
  }
  return absl::InternalError(name + ": the numbers that arrived are not those that were sent");
}

}  // namespace

absl::StatusOr<Result> MeasureWire(const std::string& name, bool tcp, v1::RunConfig config, const Rounds& rounds) {
  // A run that is over collects nothing more.
  config.clear_budget();
  const std::vector<float> parameters =
      nn::InitialParameters(ReferenceSpec(config.benchmark(), nn::Role::kActor), config.seed());
  ReceivedBytes received;
  service::LearnerServer::Options options;
  options.config = config;
  options.config_hash = config::Hash(options.config);
  options.run_id = "bench";
  options.generation = 1;
  options.build = build::ThisBuild();
  options.events = &received;
  if (tcp) options.listen = "127.0.0.1:0";
  const auto server = service::LearnerServer::Start(options);
  if (!server.ok()) return server.status();
  const auto channel = Dial(**server, tcp);
  if (!channel.ok()) return channel.status();
  (*server)->Publish(1, parameters);  // first of all: a learner without weights sends actors away

  std::stop_source stop;
  std::thread actor([&] {
    actor::ActorSession::Options session;
    session.actor_id = "bench";
    session.learner = "this process";
    session.build = options.build;
    session.engine = [](const v1::RunConfig& config, size_t) { return std::make_unique<ReplayedRollout>(config); };
    // An actor that fails would leave the learner waiting for ever.
    if (actor::ActorSession(*channel, session).Run(stop.get_token()) != kExitDone) stop.request_stop();
  });
  uint32_t update = 0;
  ConstView3 last;  // of the last update, in the slab
  const size_t update_bytes = TrajectoryBytes(config);
  std::vector<char> from(update_bytes, 1), to(update_bytes);
  const std::array<Pass, 2> passes = {[&]() -> absl::Status {
                                        if (++update > 1) (*server)->Publish(update, parameters);
                                        const auto batch = (*server)->Collect(update, stop.get_token());
                                        if (batch.ok()) last = batch->trajectories.observation();
                                        return batch.status();
                                      },
                                      // What no transport can beat.
                                      [&] {
                                        ++from[update % update_bytes];
                                        std::copy(from.begin(), from.end(), to.begin());
                                        asm volatile("" : : "r"(to.data()) : "memory");
                                        return absl::OkStatus();
                                      }};
  // The first updates connect, and play what is shown later.
  auto seconds = Interleave(passes, {.least = 5, .budget_seconds = 0, .clock = Clock::kWall});
  if (seconds.ok()) seconds = Interleave(passes, rounds);
  std::vector<float> observation;
  if (seconds.ok()) observation.assign(last.data, last.data + last.planes * last.rows * last.columns);
  stop.request_stop();
  actor.join();
  if (!seconds.ok()) return seconds.status();
  if (received.bytes() != update * update_bytes) {
    return absl::InternalError(absl::StrCat(name, ": ", update, " updates of ", update_bytes, " bytes were counted, ",
                                            received.bytes(), " bytes have arrived"));
  }
  if (absl::Status status = CheckPlayed(name, config, parameters, observation); !status.ok()) return status;

  Result result;
  result.name = name;
  result.value = static_cast<double>(update_bytes) / (*seconds)[0];
  result.unit = "bytes/s";
  result.at_most = static_cast<double>(update_bytes) / (*seconds)[1];
  result.conditions = {{"update_bytes", update_bytes},
                       {"seconds", (*seconds)[0]},
                       {"updates", update},
                       {"received_bytes", received.bytes()}};
  return result;
}

void AddWire(std::vector<Benchmark>& all) {
  for (const bool tcp : {false, true}) {
    const std::string name = tcp ? "wire/tcp" : "wire/in_process";
    all.push_back({name, [name, tcp](const Context&) {
                     return MeasureWire(name, tcp, ReferenceConfig(BenchmarkNames().front()),
                                        {.least = 20, .budget_seconds = 1, .clock = Clock::kWall});
                   }});
  }
}

}  // namespace nmn::cli::bench
