#include "learner/service/learner_server.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/config/config.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/net/file_limit.h"
#include "common/net/shed.h"
#include "learner/service/exchange.h"

namespace nmn::service {
namespace {

constexpr char kEnding[] = "the learner is ending";
constexpr char kStuck[] = "the run is stuck: there is work, and no step of it ends; its log says since when";
constexpr double kCompleteLingerSeconds = 10;
constexpr double kDrainLingerSeconds = 2;
constexpr auto kShutdownGrace = std::chrono::milliseconds(500);

absl::StatusOr<ingest::CoreOptions> MakeCoreOptions(const LearnerServer::Options& options) {
  const v1::RunConfig& config = options.config;
  const absl::StatusOr<trajectory::TrajectoryLayout> layout = trajectory::LayoutOf(config);
  if (!layout.ok()) return layout.status();
  ingest::CoreOptions core;
  core.run_id = options.run_id;
  core.generation = options.generation;
  core.config_hash = options.config_hash;
  core.shape = {.horizon = config::RolloutSteps(config),
                .layout = *layout,
                .episodes = config.ppo().episodes_per_update(),
                .measures = {config.task().measures().begin(), config.task().measures().end()}};
  core.task = config.task();
  core.unit_episodes = config.work().unit_episodes();
  core.max_lag = config.mode() == v1::ASYNC ? config.async().max_lag() : 0;
  if (const uint32_t budget = config::BudgetUpdates(config); budget > 0) core.last_update = budget;
  core.verify_units = config.work().verify_units();
  core.lease_seconds = config.work().lease_seconds();
  core.max_actors = config.work().max_actors();
  core.max_message_bytes = net::kMaxMessageBytes;
  core.events = options.events;
  core.patience = {.hello_seconds = options.limits.hello_seconds,
                   .strikes = options.limits.strikes,
                   .quarantine_seconds = options.limits.quarantine_seconds};
  return core;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LearnerServer>> LearnerServer::Start(const Options& options) {
  absl::StatusOr<ingest::CoreOptions> core = MakeCoreOptions(options);
  if (!core.ok()) return core.status();

  std::unique_ptr<LearnerServer> self(new LearnerServer);
  self->max_actors_ = options.config.work().max_actors();
  self->metrics_ = options.metrics;
  self->hub_ = std::make_unique<Hub>(*std::move(core), Gate(options.tls), options.limits);
  self->rpcs_ = std::make_unique<RpcService>(
      *self->hub_, RpcService::Identity{options.run_id, options.generation, options.config, options.config_hash,
                                        options.build, options.allow_mixed});
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  net::ConfigureServer(builder, {.memory_bytes = options.limits.memory_bytes,
                                 .metadata_bytes = options.limits.metadata_bytes,
                                 .handshake_seconds = options.limits.handshake_seconds,
                                 .connection_calls = options.limits.connection_calls});
  builder.RegisterService(self->rpcs_.get());
  if (options.metrics != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(options.metrics->rpcs.Interceptors());
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
  }
  net::Address address;
  if (!options.listen.empty()) {
    const absl::StatusOr<net::Address> parsed = net::ParseAddress(options.listen, "--listen");
    if (!parsed.ok()) return parsed.status();
    address = *parsed;
    if (absl::Status status = net::CheckBindable(address, "--listen"); !status.ok()) return status;
    if (absl::Status status = net::RaiseFileLimit(); !status.ok()) spdlog::warn("{}", std::string(status.message()));
    net::KeepDescriptorsInReserve();
    builder.AddListeningPort(net::ToString(address), self->hub_->gate.Credentials(), &self->port_);
  }
  self->server_ = builder.BuildAndStart();
  if (self->server_ == nullptr) {
    return absl::UnavailableError("--listen=" + options.listen + ": cannot listen there; is the port in use?");
  }
  if (options.metrics != nullptr) {
    options.metrics->fleet.SetSource([server = self.get()] { return server->Fleet(); });
    options.metrics->live.SetSource([server = self.get()] {
      return metrics::LearnerStatus{server->rpcs_->Status(), server->health()};
    });
  }
  {
    MutexLock lock(self->health_mutex_);
    self->TellHealth();
  }
  if (!options.listen.empty()) {
    address.port = static_cast<uint16_t>(self->port_);
    self->address_ = net::ToString(address);
  }
  return self;
}

LearnerServer::~LearnerServer() {
  if (server_ == nullptr) return;
  if (metrics_ != nullptr) {
    metrics_->fleet.SetSource(nullptr);
    metrics_->live.SetSource(nullptr);
  }
  Close(kEnding);
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
  server_->Wait();
  MutexLock lock(hub_->mutex);
  while (!hub_->streams.empty()) hub_->changed.Wait(hub_->mutex);
}

std::shared_ptr<grpc::Channel> LearnerServer::InProcessChannel() {
  return server_->InProcessChannel(net::ClientArguments());
}

void LearnerServer::Publish(uint32_t version, std::span<const float> actor_parameters) {
  std::shared_ptr<const Weights> weights = MakeWeights(version, actor_parameters);
  {
    const HubLock lock(*hub_);
    hub_->weights = weights;
    for (const auto& [id, actor] : hub_->core.actors().actors()) {
      Exchange* stream = actor.stream ? hub_->Find(*actor.stream) : nullptr;
      if (stream == nullptr) continue;
      stream->AssertLocked();
      stream->SendWeights(weights);
    }
    hub_->core.Publish(version);
    hub_->Dispatch();
  }
  Open();
}

void LearnerServer::Begin(uint32_t update) {
  const HubLock lock(*hub_);
  if (hub_->core.update() == update) return;
  hub_->core.Open(update);
  hub_->Dispatch();
}

absl::StatusOr<CollectedBatch> LearnerServer::Collect(uint32_t update, const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  const std::stop_callback wake(stop, [this] {
    MutexLock lock(hub_->mutex);
    hub_->changed.NotifyAll();
  });
  Begin(update);
  MutexLock lock(hub_->mutex);
  if (!hub_->core.IsOpen(update)) {
    return absl::FailedPreconditionError("update " + std::to_string(update) + " is not one of the run's budget");
  }
  while (!hub_->core.complete() && hub_->core.failure().ok() && !stop.stop_requested()) hub_->changed.Wait(hub_->mutex);
  if (stop.stop_requested()) return absl::CancelledError("stopped while waiting for episodes");
  if (!hub_->core.failure().ok()) return hub_->core.failure();
  const ingest::Slab& slab = hub_->core.slab();
  CollectedBatch batch{slab.batch(), &slab.measures(), {}, {}, {}};
  batch.wait_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  uint64_t lags = 0;
  for (const uint32_t version : slab.policy_versions()) {
    lags += update - version;
    batch.lag_max = std::max(batch.lag_max, update - version);
  }
  batch.lag_mean = static_cast<double>(lags) / static_cast<double>(slab.policy_versions().size());
  return batch;
}

void LearnerServer::Open() {
  MutexLock lock(health_mutex_);
  closed_ = nullptr;
  TellHealth();
}

void LearnerServer::Close(const char* reason) {
  MutexLock lock(health_mutex_);
  closed_ = reason;
  TellHealth();
}

void LearnerServer::SetStuck(bool stuck) {
  MutexLock lock(health_mutex_);
  stuck_ = stuck;
  TellHealth();
}

absl::Status LearnerServer::HealthLocked() const {
  if (closed_ != nullptr) return absl::UnavailableError(closed_);
  return stuck_ ? absl::UnavailableError(kStuck) : absl::OkStatus();
}

absl::Status LearnerServer::health() const {
  MutexLock lock(health_mutex_);
  return HealthLocked();
}

void LearnerServer::TellHealth() { server_->GetHealthCheckService()->SetServingStatus(HealthLocked().ok()); }

void LearnerServer::SayGoodbye(v1::GoodbyeReason reason, double linger_seconds) {
  Close(kEnding);
  const auto deadline =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(linger_seconds));
  {
    const HubLock lock(*hub_);
    hub_->SayGoodbye(reason);
  }
  MutexLock lock(hub_->mutex);
  const auto waiting = [&]() NMN_REQUIRES(hub_->mutex) {
    return reason == v1::RUN_COMPLETE ? hub_->core.actors().AwaitingGoodbye(hub_->Now()) > 0 : !hub_->streams.empty();
  };
  while (waiting() && hub_->changed.WaitUntil(hub_->mutex, deadline)) {
  }
  if (waiting()) spdlog::warn("not every actor has heard that the learner ends; it will find out by itself");
}

metrics::FleetSnapshot LearnerServer::Fleet() const {
  MutexLock lock(hub_->mutex);
  const ingest::Time now = hub_->Now();
  metrics::FleetSnapshot fleet;
  fleet.actors_limit = max_actors_;
  for (const auto& [id, actor] : hub_->core.actors().actors()) {
    if (now < actor.quarantined_until) ++fleet.actors_quarantined;
    if (!actor.stream) continue;
    ++fleet.actors_connected;
    fleet.actors_steps_per_second += actor.steps_per_second;
  }
  const ingest::Core::LeaseCounts leases = hub_->core.lease_counts();
  fleet.leases_outstanding = leases.outstanding;
  fleet.units_unleased = leases.unleased;
  fleet.leases_granted = leases.granted;
  fleet.leases_expired = leases.expired;
  const ingest::VerifiedUnits& verified = hub_->core.verified_units();
  fleet.units_same = verified.same;
  fleet.units_different = verified.different;
  fleet.units_undecided = verified.undecided;
  fleet.trajectories = hub_->core.verdicts();
  fleet.trajectory_bytes = hub_->core.trajectory_bytes();
  fleet.ingest_queue_bytes = hub_->judged_bytes;
  fleet.ingest_queue_limit_bytes = hub_->limits.memory_bytes;
  fleet.limits_reached = hub_->LimitsReached();
  if (hub_->weights != nullptr) {
    fleet.weights_version = hub_->weights->version;
    fleet.weights_bytes = hub_->weights->bytes.size();
  }
  fleet.serving = serving();
  return fleet;
}

void LearnerServer::Complete() { SayGoodbye(v1::RUN_COMPLETE, kCompleteLingerSeconds); }
void LearnerServer::Drain() { SayGoodbye(v1::DRAINING, kDrainLingerSeconds); }

}  // namespace nmn::service
