#include "actor/session.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/task.h"
#include "common/env/environment.h"
#include "common/net/actor_id.h"
#include "common/sync/stop.h"

namespace nmn::actor {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kCallTimeout(5000);
constexpr milliseconds kGoodbyeTimeout(2000);
constexpr auto kComplainEvery = std::chrono::seconds(30);

uint64_t RandomIncarnation() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

// Whether the learner's answer to Register will be the same next time. A learner that has taken this actor before
// (`known`) may take its certificate again, when one of the two has a new one.
bool IsPermanent(const absl::Status& status, bool known) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kPermissionDenied:
      return true;
    case absl::StatusCode::kUnauthenticated:
      return !known;
    default:
      return false;
  }
}

// Of a task that cannot be played: a limit of the system may be raised, all else stays.
ExitCode CodeOf(const absl::Status& status) { return absl::IsResourceExhausted(status) ? kExitRetry : kExitPermanent; }

// Versions that the weights may be behind the update of a unit.
uint32_t MaxLag(const v1::RunConfig& config) { return config.mode() == v1::ASYNC ? config.async().max_lag() : 0; }

// Whether a learner of this config could have meant it. TCP's checksum misses some corruption, and nothing else covers
// a lease.
bool IsPlayable(const v1::Lease& lease, const v1::RunConfig& config) {
  const uint32_t max_lag = MaxLag(config);
  return std::all_of(lease.units().begin(), lease.units().end(), [&](const v1::UnitId& unit) {
    return lease.policy_version() > 0 && unit.update() >= lease.policy_version() &&
           unit.update() - lease.policy_version() <= max_lag && unit.update() == lease.units(0).update() &&
           unit.count() == config.work().unit_episodes() && unit.count() > 0 &&
           unit.first_episode() % unit.count() == 0 &&
           uint64_t{unit.first_episode()} + unit.count() <= config.ppo().episodes_per_update();
  });
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

std::string DefaultActorId() {
  char host[256] = "actor";
  gethostname(host, sizeof(host) - 1);
  std::string id;
  for (const char c : std::string(host)) {
    if (id.size() == 48) break;
    const bool upper = c >= 'A' && c <= 'Z';
    const bool legal = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    id += upper ? static_cast<char>(c - 'A' + 'a') : legal ? c : '-';
  }
  return ActorIdWithPrefix(id + "-");
}

std::string ActorIdWithPrefix(std::string_view prefix) {
  constexpr size_t kRandomPart = 8;
  const auto random = static_cast<uint32_t>(RandomIncarnation());
  return absl::StrCat(std::string(prefix.substr(0, net::kLongestActorId - kRandomPart)),
                      absl::Hex(random, absl::kZeroPad8));
}

ActorSession::ActorSession(std::shared_ptr<grpc::Channel> channel, Options options)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      incarnation_(RandomIncarnation()),
      own_metrics_(options_.metrics == nullptr ? std::make_unique<ActorMetrics>(unread_) : nullptr),
      metrics_(options_.metrics == nullptr ? *own_metrics_ : *options_.metrics),
      client_(channel_),
      backoff_(incarnation_) {}

ActorSession::~ActorSession() = default;

ExitCode ActorSession::Run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { Wake(); });
  last_contact_ = Clock::now();
  while (true) {
    if (const Outcome outcome = Connect(stop)) return *outcome;
    if (const Outcome outcome = Serve(stop)) return *outcome;
    last_contact_ = Clock::now();
  }
}

ActorSession::Outcome ActorSession::Connect(const std::stop_token& stop) {
  v1::RegisterRequest request;
  request.set_actor_id(options_.actor_id);
  request.set_incarnation(incarnation_);
  *request.mutable_build() = options_.build;
  request.set_lanes(options_.lanes);
  std::optional<Clock::time_point> complained;
  absl::Status reason;  // why nobody answers, as far as a call has found more than that its time was over
  for (bool first = !registration_; !stop.stop_requested(); first = false) {
    Beat();
    const auto left = std::chrono::duration_cast<milliseconds>(last_contact_ + options_.connect_timeout - Clock::now());
    const milliseconds timeout = std::clamp(left, milliseconds(1), kCallTimeout);
    // The first call fails at once if nobody listens, so that the user reads why; the later ones wait for the
    // connection.
    absl::StatusOr<v1::RegisterResponse> response = client_.Register(request, timeout, !first, stop);
    if (response.ok() && config::Hash(response->config()) != response->config_hash()) {
      response = absl::DataLossError("the config of the run is not what its hash says; it was corrupted on the way");
    }
    if (response.ok()) {
      last_contact_ = Clock::now();
      return Adopt(*std::move(response));
    }
    if (stop.stop_requested()) break;
    const bool known = registration_.has_value();
    const absl::Status failure = options_.explain && !known ? options_.explain(response.status()) : response.status();
    if (IsPermanent(failure, known)) {
      spdlog::error("{}: the learner at {} refuses: {}", options_.actor_id, options_.learner, Text(failure));
      return kExitPermanent;
    }
    if (reason.ok() || !absl::IsDeadlineExceeded(failure)) reason = failure;
    const Clock::time_point now = Clock::now();
    if (now >= last_contact_ + options_.connect_timeout) {
      spdlog::error("{}: no learner at {} for {} s (--connect_timeout): {}", options_.actor_id, options_.learner,
                    std::chrono::duration<double>(options_.connect_timeout).count(), Text(reason));
      return kExitRetry;
    }
    if (!complained || now - *complained >= kComplainEvery) {
      spdlog::warn(
          "{}: waiting for the learner at {}: {}", options_.actor_id, options_.learner,
          absl::IsDeadlineExceeded(failure) ? "nobody answers there; was the learner started?" : Text(failure));
      complained = now;
    }
    if (WaitForStopUntil(stop, std::min(now + backoff_.Next(), last_contact_ + options_.connect_timeout))) break;
    grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
  }
  return kExitDone;
}

ActorSession::Outcome ActorSession::Adopt(v1::RegisterResponse registration) {
  const bool same = registration_ && registration_->run_id() == registration.run_id() &&
                    registration_->generation() == registration.generation();
  registration_ = std::move(registration);
  spdlog::info("{}: registered with the learner at {}, run {}, generation {}", options_.actor_id, options_.learner,
               registration_->run_id(), registration_->generation());
  if (same) return std::nullopt;
  // Another life of the learner: nothing that was played for the last one counts.
  worker_.reset();
  outbox_.Clear();
  weights_.reset();
  playing_update_ = 0;
  const v1::RunConfig& config = registration_->config();
  const size_t max_lanes = options_.lanes == 0 ? config.ppo().episodes_per_update()
                                               : std::max(options_.lanes, config.work().unit_episodes());
  const absl::StatusOr<v1::TaskSpec> task =
      env::MakeTaskSpec(options_.task.empty() ? config.benchmark() : options_.task, config.env());
  if (task.ok()) own_task_ = *task;
  if (task.ok() && PlaysAnotherTask()) return std::nullopt;  // told to the learner as well, in Serve
  absl::StatusOr<std::unique_ptr<RolloutEngine>> engine =
      task.ok() ? options_.engine(config, max_lanes) : absl::StatusOr<std::unique_ptr<RolloutEngine>>(task.status());
  if (!engine.ok()) {
    spdlog::error("{}: cannot play this run: {}", options_.actor_id, Text(engine.status()));
    return CodeOf(engine.status());
  }
  worker_ = std::make_unique<Worker>(
      Worker::Options{
          config,
          {registration_->run_id(), registration_->generation(), 0, {task->measures().begin(), task->measures().end()}},
          max_lanes,
          &metrics_},
      *std::move(engine), [this] { Wake(); });
  return std::nullopt;
}

ActorSession::Outcome ActorSession::Serve(const std::stop_token& stop) {
  const auto heartbeat = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(std::max(registration_->heartbeat_seconds(), 0.1)));
  leases_.clear();
  goodbye_ = broken_ = false;
  outbox_.Rewind(registration_->credit_bytes());
  ExchangeStream stream(client_.stub(), [this] { Wake(); });
  if (streams_++ > 0) metrics_.reconnects.Increment();
  metrics_.connected.Set(1);
  const absl::Cleanup disconnected = [this] { metrics_.connected.Set(0); };
  SendHello(stream);
  if (PlaysAnotherTask()) {
    // The learner reads it in the hello and refuses; both say why.
    stream.HalfClose();
    stream.WaitForEnd(Clock::now() + kGoodbyeTimeout);
    spdlog::error("{}: cannot play this run: {}; run an actor of the same version{}", options_.actor_id,
                  config::DescribeOtherTask(own_task_, registration_->config().task()),
                  options_.task.empty() ? "" : ", without --task or with the run's");
    return kExitPermanent;
  }
  Clock::time_point next_heartbeat = Clock::now() + heartbeat;
  while (true) {
    Beat();
    if (stop.stop_requested()) {
      Leave(stream);
      return kExitDone;
    }
    while (std::optional<v1::LearnerMessage> message = stream.Take()) {
      if (const Outcome outcome = Handle(*message, stream, stop)) return outcome;
    }
    const std::optional<absl::Status> end = stream.ended();
    if (end || goodbye_ || broken_) {
      if (end && !goodbye_)
        spdlog::warn("{}: stream to {} ended: {}", options_.actor_id, options_.learner, end->ToString());
      WaitForStopUntil(stop, Clock::now() + backoff_.Next());
      return std::nullopt;
    }
    StartLeases(stop);
    if (const absl::Status status = CollectResults(); !status.ok()) {
      spdlog::error("{}: a rollout failed: {}", options_.actor_id, Text(status));
      Leave(stream);
      return CodeOf(status);
    }
    while (std::shared_ptr<const v1::Trajectory> next = outbox_.Next()) Send(std::move(next), stream);
    metrics_.outbox_bytes.Set(static_cast<double>(outbox_.bytes()));
    if (Clock::now() >= next_heartbeat) {
      SendHeartbeat(stream);
      next_heartbeat = Clock::now() + heartbeat;
    }
    WaitUntil(next_heartbeat);
  }
}

ActorSession::Outcome ActorSession::Handle(const v1::LearnerMessage& message, ExchangeStream& stream,
                                           const std::stop_token& stop) {
  switch (message.body_case()) {
    case v1::LearnerMessage::kWeights:
      HandleWeights(message.weights(), stop);
      return std::nullopt;
    case v1::LearnerMessage::kLease:
      if (!IsPlayable(message.lease(), registration_->config())) {
        spdlog::warn("{}: a lease of units that this run cannot have; connecting again", options_.actor_id);
        broken_ = true;
        return std::nullopt;
      }
      leases_.push_back(message.lease());
      return std::nullopt;
    case v1::LearnerMessage::kAcknowledgement:
      HandleAcknowledgement(message.acknowledgement());
      return std::nullopt;
    case v1::LearnerMessage::kGoodbye:
      goodbye_ = true;
      stream.HalfClose();
      stream.WaitForEnd(Clock::now() + kGoodbyeTimeout);
      if (message.goodbye().reason() == v1::RUN_COMPLETE) {
        spdlog::info("{}: the run is complete", options_.actor_id);
        worker_->Abandon();
        return kExitDone;
      }
      if (!options_.outlives_learner) return kExitDone;
      spdlog::info("{}: the learner stops; waiting for it to come back", options_.actor_id);
      return std::nullopt;
    case v1::LearnerMessage::BODY_NOT_SET:
      return std::nullopt;  // something that a newer learner says; it must not need an answer
  }
  return std::nullopt;
}

void ActorSession::Adopt(std::shared_ptr<const PolicyWeights> weights) {
  weights_ = std::move(weights);
  metrics_.policy_version.Set(weights_->version);
}

void ActorSession::Send(std::shared_ptr<const v1::Trajectory> trajectory, ExchangeStream& stream) {
  metrics_.trajectories_sent.Increment();
  metrics_.trajectory_bytes_sent.Increment(static_cast<double>(trajectory->ByteSizeLong()));
  stream.Send(std::move(trajectory));
}

void ActorSession::HandleWeights(const v1::WeightsChunk& chunk, const std::stop_token& stop) {
  absl::StatusOr<std::shared_ptr<const PolicyWeights>> weights = assembler_.Add(chunk);
  if (!weights.ok()) {
    spdlog::warn("{}: {}; fetching them again", options_.actor_id, Text(weights.status()));
    FetchWeights(stop);
  } else if (*weights != nullptr) {
    Adopt(*std::move(weights));
    backoff_.Reset();
  }
}

void ActorSession::FetchWeights(const std::stop_token& stop) {
  absl::StatusOr<std::shared_ptr<const PolicyWeights>> weights =
      client_.FetchWeights(registration_->run_id(), registration_->generation(), kCallTimeout, stop);
  if (weights.ok()) {
    Adopt(*std::move(weights));
  } else {
    spdlog::warn("{}: cannot fetch the weights: {}", options_.actor_id, Text(weights.status()));
  }
}

void ActorSession::HandleAcknowledgement(const v1::Acknowledgement& acknowledgement) {
  outbox_.Acknowledge(acknowledgement);
  const auto counter = metrics_.acknowledgements.find(acknowledgement.reason());
  if (counter != metrics_.acknowledgements.end()) counter->second->Increment();
  if (acknowledgement.reason() == v1::ACCEPTED) return;
  const auto level = acknowledgement.reason() == v1::DUPLICATE ? spdlog::level::debug : spdlog::level::warn;
  spdlog::log(level, "{}: episodes {}.. of update {} were not taken: {} {}", options_.actor_id,
              acknowledgement.first_episode(), acknowledgement.unit().update(),
              v1::RejectReason_Name(acknowledgement.reason()), acknowledgement.detail());
}

// In SYNC exactly those of the lease; in ASYNC newer ones are welcome, as long as the update of the units can use them.
bool ActorSession::WeightsFit(const v1::Lease& lease) const {
  if (weights_ == nullptr || lease.units().empty()) return false;
  return weights_->version >= lease.policy_version() && weights_->version <= lease.units(0).update();
}

void ActorSession::StartLeases(const std::stop_token& stop) {
  while (!leases_.empty()) {
    const v1::Lease lease = std::move(leases_.front());
    leases_.pop_front();
    // The weights of a lease come before it. Others here were corrupted on the way, or newer ones were overtaken by a
    // lease whose update is over.
    if (!WeightsFit(lease)) FetchWeights(stop);
    if (!WeightsFit(lease)) continue;
    if (MaxLag(registration_->config()) == 0) {
      if (lease.policy_version() != playing_update_) worker_->Abandon();
      playing_update_ = lease.policy_version();
    }
    Job job{{}, weights_};
    for (const v1::UnitId& unit : lease.units()) {
      if (!outbox_.SendAgain(unit) && !worker_->HasUnit(unit)) job.units.push_back(unit);
    }
    if (!job.units.empty()) worker_->Start(std::move(job));
  }
}

absl::Status ActorSession::CollectResults() {
  Worker::Output output = worker_->Take();
  for (v1::Trajectory& trajectory : output.trajectories) outbox_.Add(std::move(trajectory));
  return output.failure;
}

void ActorSession::Leave(ExchangeStream& stream) {
  worker_->Abandon();
  v1::ActorMessage message;
  message.mutable_leaving();
  stream.Send(std::move(message));
  stream.HalfClose();
  stream.WaitForEnd(Clock::now() + kGoodbyeTimeout);
}

void ActorSession::SendHello(ExchangeStream& stream) {
  v1::ActorMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_run_id(registration_->run_id());
  hello.set_generation(registration_->generation());
  hello.set_actor_id(options_.actor_id);
  hello.set_incarnation(incarnation_);
  hello.set_config_hash(registration_->config_hash());
  *hello.mutable_task() = own_task_;
  stream.Send(std::move(message));
}

bool ActorSession::PlaysAnotherTask() const {
  return !config::TaskDifferences(own_task_, registration_->config().task()).empty();
}

void ActorSession::SendHeartbeat(ExchangeStream& stream) {
  v1::ActorMessage message;
  v1::Heartbeat& heartbeat = *message.mutable_heartbeat();
  heartbeat.set_environment_steps(worker_->environment_steps());
  heartbeat.set_steps_per_second(worker_->steps_per_second());
  heartbeat.set_policy_version(weights_ == nullptr ? 0 : weights_->version);
  stream.Send(std::move(message));
}

void ActorSession::Beat() {
  metrics_.heartbeat_timestamp.SetToCurrentTime();
  if (options_.heartbeat != nullptr) options_.heartbeat->Beat();
}

void ActorSession::Wake() {
  MutexLock lock(mutex_);
  awake_ = true;
  changed_.NotifyAll();
}

void ActorSession::WaitUntil(Clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!awake_ && changed_.WaitUntil(mutex_, deadline)) {
  }
  awake_ = false;
}

}  // namespace nmn::actor
