// Trajectories of b1's preset from an actor's session, which plays at once what it played before, into the learner's
// slab.

#include "cli/bench/wire.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
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
#include "common/fs/file_system.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/tls/authority.h"
#include "common/tls/credentials.h"
#include "common/tls/tls.h"
#include "common/trajectory/message.h"
#include "learner/service/learner_server.h"

namespace nmn::cli::bench {
namespace {

constexpr char kActor[] = "bench";

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

// A certificate of each side, in a directory that is removed at the end.
class Certificates {
 public:
  static absl::StatusOr<std::unique_ptr<Certificates>> Make() {
    std::string folder = std::filesystem::temp_directory_path().string() + "/nmn-bench-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr)
      return absl::UnavailableError(absl::StrCat("cannot make a directory like ", folder, "; see TMPDIR"));
    std::unique_ptr<Certificates> self(new Certificates(folder));
    const int64_t now = tls::UnixNow();
    const auto authority = tls::MakeAuthority("nmn bench", now - 3600, now + 31 * 24 * 3600);
    if (!authority.ok()) return authority.status();
    for (const auto& [identity, side] : {std::pair(tls::Identity{tls::Role::kLearner, "localhost"}, &self->learner),
                                         std::pair(tls::Identity{tls::Role::kActor, kActor}, &self->actor)}) {
      const auto pair = tls::Issue(*authority, tls::RequestFor(identity, {}, now, 30));
      if (!pair.ok()) return pair.status();
      const std::string prefix = absl::StrCat(folder, "/", identity.name);
      const tls::Files files{prefix + ".crt", prefix + ".key", prefix + ".ca", ""};
      fs::FileSystem& disk = fs::RealFileSystem();
      for (const auto& [file, content] :
           {std::pair(files.certificate, pair->certificate.pem()), std::pair(files.key, pair->key.pem()),
            std::pair(files.authority, authority->certificate.pem())}) {
        if (absl::Status status = fs::WriteAtomically(disk, file, content); !status.ok()) return status;
      }
      auto opened = tls::Tls::Open({.files = files});
      if (!opened.ok()) return opened.status();
      *side = *std::move(opened);
    }
    return self;
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::shared_ptr<tls::Tls> learner, actor;

 private:
  explicit Certificates(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
};

// A learner and one actor, and a transport between them.
class Link {
 public:
  static absl::StatusOr<std::unique_ptr<Link>> Start(Transport transport, const v1::RunConfig& config,
                                                     const std::vector<float>& parameters) {
    std::unique_ptr<Link> self(new Link(config, parameters));
    service::LearnerServer::Options options;
    options.config = config;
    options.config_hash = config::Hash(config);
    options.run_id = "bench";
    options.generation = 1;
    options.build = build::ThisBuild();
    options.events = &self->received_;
    if (transport != Transport::kInProcess) options.listen = "127.0.0.1:0";
    if (transport == Transport::kTls) {
      auto certificates = Certificates::Make();
      if (!certificates.ok()) return certificates.status();
      self->certificates_ = *std::move(certificates);
      options.tls = self->certificates_->learner;
    }
    auto server = service::LearnerServer::Start(options);
    if (!server.ok()) return server.status();
    self->server_ = *std::move(server);
    const auto channel = self->Dial(transport);
    if (!channel.ok()) return channel.status();
    self->server_->Publish(1, parameters);  // first of all: a learner without weights sends actors away
    self->actor_ = std::thread([link = self.get(), channel = *channel, build = options.build] {
      actor::ActorSession::Options session;
      session.actor_id = kActor;
      session.learner = "this process";
      session.build = build;
      session.engine = [](const v1::RunConfig& config, size_t) { return std::make_unique<ReplayedRollout>(config); };
      // An actor that fails would leave the learner waiting for ever.
      if (actor::ActorSession(channel, session).Run(link->stop_.get_token()) != kExitDone) link->stop_.request_stop();
    });
    return self;
  }
  ~Link() { Stop(); }

  // Collects the next update.
  absl::Status Pass() {
    if (++update_ > 1) server_->Publish(update_, parameters_);
    const auto batch = server_->Collect(update_, stop_.get_token());
    if (batch.ok()) last_ = batch->trajectories.observation();
    return batch.status();
  }
  // Ends the actor. INTERNAL unless each update has arrived once and the last holds what was sent.
  absl::Status Check(const std::string& name) {
    const std::vector<float> observation(last_.data, last_.data + last_.planes * last_.rows * last_.columns);
    Stop();
    if (const size_t bytes = update_ * TrajectoryBytes(config_); received_.bytes() != bytes) {
      return absl::InternalError(absl::StrCat(name, ": ", update_, " updates of ", bytes,
                                              " bytes together were counted, ", received_.bytes(),
                                              " bytes have arrived"));
    }
    return CheckPlayed(name, config_, parameters_, observation);
  }
  uint32_t update() const { return update_; }
  size_t received_bytes() const { return received_.bytes(); }

 private:
  Link(v1::RunConfig config, std::vector<float> parameters)
      : config_(std::move(config)), parameters_(std::move(parameters)) {}

  absl::StatusOr<std::shared_ptr<grpc::Channel>> Dial(Transport transport) {
    if (transport == Transport::kInProcess) return server_->InProcessChannel();
    const absl::StatusOr<net::Address> address = net::ParseServerAddress(server_->address(), "--learner");
    if (!address.ok()) return address.status();
    return net::CreateChannel(*address,
                              certificates_ == nullptr ? nullptr : tls::ChannelCredentials(certificates_->actor));
  }
  void Stop() {
    stop_.request_stop();
    if (actor_.joinable()) actor_.join();
  }

  const v1::RunConfig config_;
  const std::vector<float> parameters_;
  ReceivedBytes received_;
  std::unique_ptr<Certificates> certificates_;
  std::unique_ptr<service::LearnerServer> server_;
  std::stop_source stop_;
  uint32_t update_ = 0;
  ConstView3 last_;  // of the last update, in the slab
  std::thread actor_;
};

std::string NameOf(Transport transport) {
  switch (transport) {
    case Transport::kInProcess:
      return "wire/in_process";
    case Transport::kTcp:
      return "wire/tcp";
    case Transport::kTls:
      break;
  }
  return "wire/tls";
}

}  // namespace

absl::StatusOr<Result> MeasureWire(const std::string& name, Transport transport, v1::RunConfig config,
                                   const Rounds& rounds) {
  // A run that is over collects nothing more.
  config.clear_budget();
  const std::vector<float> parameters =
      nn::InitialParameters(ReferenceSpec(config.benchmark(), nn::Role::kActor), config.seed());
  const auto link = Link::Start(transport, config, parameters);
  if (!link.ok()) return link.status();
  // TLS is measured in turn with what it protects.
  const auto plain = transport == Transport::kTls ? Link::Start(Transport::kTcp, config, parameters)
                                                  : absl::StatusOr<std::unique_ptr<Link>>(nullptr);
  if (!plain.ok()) return plain.status();
  const size_t update_bytes = TrajectoryBytes(config);
  std::vector<char> from(update_bytes, 1), to(update_bytes);
  std::vector<Pass> passes = {[&] { return (*link)->Pass(); },
                              // What no transport can beat.
                              [&] {
                                ++from[(*link)->update() % update_bytes];
                                std::copy(from.begin(), from.end(), to.begin());
                                asm volatile("" : : "r"(to.data()) : "memory");
                                return absl::OkStatus();
                              }};
  if (*plain != nullptr) passes.emplace_back([&] { return (*plain)->Pass(); });
  // The first updates connect, and play what is shown later.
  auto seconds = Interleave(passes, {.least = 5, .budget_seconds = 0, .clock = Clock::kWall});
  if (seconds.ok()) seconds = Interleave(passes, rounds);
  if (!seconds.ok()) return seconds.status();
  if (absl::Status status = (*link)->Check(name); !status.ok()) return status;
  if (*plain != nullptr) {
    if (absl::Status status = (*plain)->Check(NameOf(Transport::kTcp)); !status.ok()) return status;
  }

  Result result;
  result.name = name;
  result.value = static_cast<double>(update_bytes) / (*seconds)[0];
  result.unit = "bytes/s";
  result.at_most = static_cast<double>(update_bytes) / (*seconds)[1];
  result.conditions = {{"update_bytes", update_bytes},
                       {"seconds", (*seconds)[0]},
                       {"updates", (*link)->update()},
                       {"received_bytes", (*link)->received_bytes()}};
  if (*plain != nullptr) {
    result.conditions.emplace_back("tcp_seconds", (*seconds)[2]);
    result.conditions.emplace_back("times_tcp", (*seconds)[0] / (*seconds)[2]);
  }
  return result;
}

void AddWire(std::vector<Benchmark>& all) {
  for (const Transport transport : {Transport::kInProcess, Transport::kTcp, Transport::kTls}) {
    const std::string name = NameOf(transport);
    all.push_back({name, [name, transport](const Context&) {
                     return MeasureWire(name, transport, ReferenceConfig(BenchmarkNames().front()),
                                        {.least = 20, .budget_seconds = 1, .clock = Clock::kWall});
                   }});
  }
}

}  // namespace nmn::cli::bench
