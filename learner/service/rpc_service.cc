#include "learner/service/rpc_service.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/net/actor_id.h"
#include "common/net/status.h"
#include "common/sync/hand_over.h"
#include "learner/service/exchange.h"

namespace nmn::service {
namespace {

using metrics::Limit;

constexpr double kHeartbeatSeconds = 2;
// Sends one version of the weights and ends. A client that takes too long is cut off: it would keep a version of the
// weights for ever.
class WeightsWriter : public grpc::ServerWriteReactor<v1::WeightsChunk> {
 public:
  WeightsWriter(Hub& hub, grpc::CallbackServerContext* context, std::shared_ptr<const Weights> weights)
      : hub_(hub), context_(context), weights_(std::move(weights)) {
    HandOver(this);
    alarm_.Set(Deadline(hub.limits.call_seconds), [this](bool due) { OnAlarm(due); });
    Next();
  }

  void OnWriteDone(bool ok) override {
    TakeOver(this);
    if (!ok) {
      End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the client is gone"));
    } else if (offset_ == weights_->bytes.size()) {
      End(grpc::Status::OK);
    } else {
      Next();
    }
  }
  // The alarm always says its word, and with gRPC it is one of two. The last of the two deletes this.
  void OnDone() override {
    TakeOver(this);
    alarm_.Cancel();
    OneIsDone(/*cut_off=*/false);
  }

 private:
  static gpr_timespec Deadline(double seconds) {
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_nanos(static_cast<int64_t>(seconds * 1e9), GPR_TIMESPAN));
  }
  void OnAlarm(bool due) {
    TakeOver(this);
    OneIsDone(due);
  }
  void OneIsDone(bool cut_off) {
    bool last = false;
    {
      MutexLock lock(mutex_);
      last = std::exchange(one_is_done_, true);
      cut_off = cut_off && !last;
      if (cut_off) context_->TryCancel();
    }
    HandOver(this);
    if (cut_off) {
      MutexLock lock(hub_.mutex);
      ++hub_.limits_reached[Limit::kCallTime];
    }
    if (last) delete this;
  }
  void Next() {
    FillChunk(*weights_, offset_, chunk_);
    offset_ = ChunkEnd(*weights_, offset_);
    HandOver(this);
    StartWrite(&chunk_);
  }
  void End(const grpc::Status& status) {
    HandOver(this);
    Finish(status);
  }

  Hub& hub_;
  grpc::CallbackServerContext* const context_;  // lives until OnDone
  std::shared_ptr<const Weights> weights_;
  uint64_t offset_ = 0;
  v1::WeightsChunk chunk_;
  Mutex mutex_;
  bool one_is_done_ NMN_GUARDED_BY(mutex_) = false;
  grpc::Alarm alarm_;
};

// A call that ends at once.
template <typename Reactor>
class Refused : public Reactor {
 public:
  explicit Refused(const absl::Status& status) {
    HandOver(this);
    this->Finish(net::ToGrpc(status));
  }
  void OnDone() override {
    TakeOver(this);
    delete this;
  }
};
using RefusedExchange = Refused<grpc::ServerBidiReactor<v1::ActorMessage, v1::LearnerMessage>>;
using RefusedFetch = Refused<grpc::ServerWriteReactor<v1::WeightsChunk>>;

std::string Describe(const v1::BuildInfo& build) {
  return build.version() + " (commit " + build.commit() + ", " + build.rounding_class() + ")";
}

}  // namespace

void RpcService::SetProgress(const Progress& progress) {
  MutexLock lock(hub_.mutex);
  progress_ = progress;
}

absl::Status RpcService::CheckBuild(const v1::BuildInfo& build) const {
  const v1::BuildInfo& own = identity_.build;
  if (build.protocol() != own.protocol()) {
    return absl::FailedPreconditionError(
        "the learner (" + own.version() + ") speaks protocol " + std::to_string(own.protocol()) + ", the actor (" +
        build.version() + ") speaks " + std::to_string(build.protocol()) + "; run the same version on both sides");
  }
  const bool same = build.version() == own.version() && build.commit() == own.commit() &&
                    build.rounding_class() == own.rounding_class();
  if (same || identity_.allow_mixed || identity_.config.mode() != v1::SYNC) return absl::OkStatus();
  return absl::FailedPreconditionError("in sync mode all must compute the same bits: the learner is " + Describe(own) +
                                       ", the actor is " + Describe(build) +
                                       "; run the same build on CPUs of one class, or give the learner --allow_mixed");
}

grpc::ServerUnaryReactor* RpcService::Register(grpc::CallbackServerContext* context, const v1::RegisterRequest* request,
                                               v1::RegisterResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = hub_.gate.CheckActor(*context, request->actor_id());
  if (status.ok()) status = CheckBuild(request->build());
  if (status.ok()) {
    const HubLock lock(hub_);
    if (hub_.weights == nullptr) {
      status = absl::UnavailableError("the learner is starting");
    } else if (hub_.goodbye == v1::DRAINING) {
      status = absl::UnavailableError("the learner is stopping");
    } else if (const std::string address = PeerAddress(context->peer());
               !hub_.addresses.Register(address, hub_.Now())) {
      ++hub_.limits_reached[Limit::kAddressRegistrations];
      status = absl::ResourceExhaustedError(
          absl::StrCat(address, " registers more than ", hub_.limits.address_registrations,
                       " times a minute (--limit_address_registrations); try later, or start the learner with more"));
    } else {
      status = hub_.core.Register(request->actor_id(), request->incarnation(), request->lanes(), hub_.Now());
      hub_.Dispatch();
    }
  }
  if (status.ok()) {
    response->set_run_id(identity_.run_id);
    response->set_generation(identity_.generation);
    *response->mutable_config() = identity_.config;
    response->set_config_hash(identity_.config_hash);
    response->set_credit_bytes(identity_.config.work().credit_bytes());
    response->set_heartbeat_seconds(kHeartbeatSeconds);
    *response->mutable_build() = identity_.build;
  } else {
    spdlog::info("refused to register actor \"{}\": {}",
                 net::IsActorId(request->actor_id()) ? request->actor_id() : "?", std::string(status.message()));
  }
  reactor->Finish(net::ToGrpc(status));
  return reactor;
}

grpc::ServerBidiReactor<v1::ActorMessage, v1::LearnerMessage>* RpcService::Exchange(
    grpc::CallbackServerContext* context) {
  std::string address = PeerAddress(context->peer());
  if (absl::Status status = TakeStream(address); !status.ok()) return new RefusedExchange(status);
  return new service::Exchange(hub_, context, std::move(address));
}

absl::Status RpcService::TakeStream(const std::string& address) {
  MutexLock lock(hub_.mutex);
  const uint32_t max_actors = identity_.config.work().max_actors();
  if (hub_.streams.size() >= size_t{max_actors} + hub_.limits.hello_streams) {
    ++hub_.limits_reached[Limit::kStreams];
    return absl::ResourceExhaustedError(
        absl::StrCat("too many streams: work.max_actors is ", max_actors, ", and ", hub_.limits.hello_streams,
                     " more may be about to say who they are; try later, or start the learner with more"));
  }
  if (!hub_.addresses.OpenStream(address, hub_.Now())) {
    ++hub_.limits_reached[Limit::kAddressStreams];
    return absl::ResourceExhaustedError(absl::StrCat("too many streams from ", address, ": --limit_address_streams is ",
                                                     hub_.limits.address_streams,
                                                     "; stop an actor there, or start the learner with more"));
  }
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::WeightsChunk>* RpcService::FetchWeights(grpc::CallbackServerContext* context,
                                                                     const v1::FetchWeightsRequest* request) {
  std::shared_ptr<const Weights> weights;
  {
    MutexLock lock(hub_.mutex);
    weights = hub_.weights;
  }
  if (request->run_id() != identity_.run_id || request->generation() != identity_.generation) {
    return new RefusedFetch(absl::FailedPreconditionError(
        absl::StrCat("now is generation ", identity_.generation, " of run ", identity_.run_id, "; register again")));
  }
  if (weights == nullptr) return new RefusedFetch(absl::UnavailableError("the learner is starting"));
  return new WeightsWriter(hub_, context, std::move(weights));
}

v1::GetStatusResponse RpcService::Status() const {
  v1::GetStatusResponse status;
  status.set_run_id(identity_.run_id);
  status.set_generation(identity_.generation);
  status.set_config_hash(identity_.config_hash);
  *status.mutable_build() = identity_.build;
  MutexLock lock(hub_.mutex);
  const ingest::Time now = hub_.Now();
  status.set_state(progress_.state == "collecting" && hub_.core.actors().connected() == 0 ? "waiting for actors"
                                                                                          : progress_.state);
  status.set_update(progress_.update);
  status.set_budget_updates(progress_.budget_updates);
  status.set_return_mean(progress_.return_mean);
  status.set_discounted_return_mean(progress_.discounted_return_mean);
  status.set_seconds_left(progress_.seconds_left);
  for (const auto& [id, actor] : hub_.core.actors().actors()) {
    v1::ActorStatus* out = status.add_actors();
    out->set_actor_id(id);
    out->set_connected(actor.stream.has_value());
    out->set_steps_per_second(actor.steps_per_second);
    out->set_policy_version(actor.policy_version);
    out->set_units_accepted(actor.units_accepted);
    out->set_units_leased(hub_.core.LeasedTo(actor));
    out->set_last_error(actor.last_error);
    out->set_seconds_since_heard(now - actor.last_heard);
    out->set_episodes_per_second(actor.pace.episodes_per_second());
    out->set_policy_lag(actor.policy_lag);
  }
  for (const auto& [reason, count] : hub_.core.rejects())
    (*status.mutable_rejects())[v1::RejectReason_Name(reason)] = count;
  return status;
}

grpc::ServerUnaryReactor* RpcService::GetStatus(grpc::CallbackServerContext* context, const v1::GetStatusRequest*,
                                                v1::GetStatusResponse* response) {
  *response = Status();
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace nmn::service
