#include "learner/service/exchange.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "common/failpoint/failpoint.h"
#include "common/net/status.h"
#include "common/sync/hand_over.h"

namespace nmn::service {

Exchange::Exchange(Hub& hub, grpc::CallbackServerContext* context, std::string address)
    : hub_(hub), context_(context), address_(std::move(address)) {
  const HubLock lock(hub_);
  id_ = ++hub_.last_stream;
  hub_.streams[id_] = this;
  hub_.core.Connect(id_, hub_.Now());
  hub_.Dispatch();
  Read();
  HandOver(this);
}

void Exchange::SendLease(v1::Lease lease) {
  outgoing_.Add(std::move(lease));
  Pump();
}

void Exchange::SendWeights(std::shared_ptr<const Weights> weights) {
  outgoing_.Add(std::move(weights));
  Pump();
}

void Exchange::SayGoodbye(v1::GoodbyeReason reason) {
  if (outgoing_.HasGoodbye()) return;
  outgoing_.SetGoodbye(reason);
  Pump();
  ReadAgain();  // the end of its stream
}

void Exchange::Abort(const absl::Status& status) {
  if (writing_) context_->TryCancel();  // a peer that reads nothing would hold the write for ever
  Close(status);
}

void Exchange::ReadAgain() {
  if (reading_ == Reading::kToldOfQuarantine) {
    reading_ = Reading::kGoesOn;  // Handle reads on
  } else if (reading_ == Reading::kWaitsForQuarantine) {
    hub_.quarantined.erase(id_);
    Read();
  }
}

void Exchange::Read() {
  if (phase_ != Phase::kOpen) return;
  if (reading_ == Reading::kToldOfQuarantine && hub_.core.Quarantined(id_, hub_.Now())) {
    reading_ = Reading::kWaitsForQuarantine;
    hub_.quarantined.insert(id_);
    return;
  }
  if (!outgoing_.HasRoom()) {
    reading_ = Reading::kWaitsForRoom;
    return;
  }
  reading_ = Reading::kGoesOn;
  HandOver(this);
  StartRead(&in_);
}

void Exchange::OnReadDone(bool ok) {
  TakeOver(this);
  if (ok) {
    Handle(in_);
    return;
  }
  const HubLock lock(hub_);
  if (outgoing_.GoodbyeSaid()) hub_.core.Leave(id_);
  Close(absl::OkStatus());
}

void Exchange::Handle(const v1::ActorMessage& message) {
  {
    const HubLock lock(hub_);
    if (phase_ != Phase::kOpen) return;
    const absl::Status status = HandleLocked(message);
    if (!status.ok()) {
      spdlog::warn("stream of {} ended: {}", context_->peer(), std::string(status.message()));
      Close(status);
      return;
    }
  }
  if (message.has_trajectory()) HandleTrajectory(message.trajectory());
  const HubLock lock(hub_);
  hub_.Dispatch();
  Pump();
  Read();
}

absl::Status Exchange::HandleLocked(const v1::ActorMessage& message) {
  const ingest::Time now = hub_.Now();
  if (absl::Status status = hub_.core.Count(id_, message.sequence(), now); !status.ok()) return status;
  if (message.sequence() == 1 && !message.has_hello())
    return absl::FailedPreconditionError("the first message must be hello");
  switch (message.body_case()) {
    case v1::ActorMessage::kHello: {
      if (absl::Status status = hub_.gate.CheckActor(*context_, message.hello().actor_id()); !status.ok())
        return status;
      absl::Status status = hub_.core.Hello(id_, message.hello(), now);
      if (!status.ok()) return status;
      actor_ = message.hello().actor_id();
      spdlog::info("actor {} connected", actor_);
      outgoing_.Add(hub_.weights);
      if (hub_.goodbye) outgoing_.SetGoodbye(*hub_.goodbye);
      return absl::OkStatus();
    }
    case v1::ActorMessage::kHeartbeat:
      hub_.core.Heartbeat(id_, message.heartbeat());
      return absl::OkStatus();
    case v1::ActorMessage::kLeaving:
      hub_.core.Leave(id_);
      return absl::OkStatus();
    case v1::ActorMessage::kTrajectory:
      return absl::OkStatus();
    case v1::ActorMessage::BODY_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a message without a body that this learner knows");
}

void Exchange::HandleTrajectory(const v1::Trajectory& trajectory) {
  const size_t bytes = trajectory.ByteSizeLong();
  ingest::Verdict verdict;
  {
    MutexLock lock(hub_.mutex);
    hub_.judged_bytes += bytes;
    verdict = hub_.core.Examine(id_, trajectory, bytes, hub_.Now());
  }
  if (verdict.accepted()) {
    const ingest::Verdict payload = ingest::CheckPayload(hub_.layout, trajectory);
    failpoint::Pass(failpoint::Point::kIngestDeliver);
    ingest::Slab::Claim claim;
    {
      MutexLock lock(hub_.mutex);
      verdict = hub_.core.Claim(id_, trajectory, payload, hub_.Now(), claim);
    }
    if (verdict.accepted()) {
      claim.Write(trajectory);
      MutexLock lock(hub_.mutex);
      verdict = hub_.core.Keep(id_, trajectory, claim, hub_.Now());
    }
    failpoint::Pass(failpoint::Point::kIngestDelivered);
  }
  v1::Acknowledgement acknowledgement;
  *acknowledgement.mutable_unit() = trajectory.unit();
  acknowledgement.set_first_episode(trajectory.first_episode());
  acknowledgement.set_reason(verdict.reason);
  acknowledgement.set_detail(verdict.detail);
  acknowledgement.set_credit_bytes(bytes);
  const absl::Status lost = failpoint::Hit(failpoint::Point::kAcknowledge);
  const HubLock lock(hub_);
  hub_.judged_bytes -= bytes;
  if (!lost.ok()) {
    Abort(lost);
    return;
  }
  outgoing_.Add(std::move(acknowledgement));
  if (verdict.reason == v1::QUARANTINED && !outgoing_.HasGoodbye()) reading_ = Reading::kToldOfQuarantine;
}

void Exchange::Pump() {
  if (writing_ || phase_ != Phase::kOpen || !outgoing_.Next(out_)) return;
  writing_ = true;
  hub_.writers.push_back(this);
}

void Exchange::Write() {
  if (out_.weights != nullptr) FillChunk(*out_.weights, out_.offset, *out_.message.mutable_weights());
  HandOver(this);
  StartWrite(&out_.message);
}

void Exchange::OnWriteDone(bool ok) {
  TakeOver(this);
  const HubLock lock(hub_);
  writing_ = false;
  if (phase_ == Phase::kClosing) {
    FinishWith(closing_status_);
    return;
  }
  if (!ok) {
    Close(absl::UnavailableError("the actor is gone"));
    return;
  }
  Pump();
  if (reading_ == Reading::kWaitsForRoom) Read();
}

void Exchange::OnCancel() {
  TakeOver(this);
  const HubLock lock(hub_);
  Close(absl::CancelledError("cancelled"));
}

// The first reason counts.
void Exchange::Close(absl::Status status) {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kClosing;
  closing_status_ = std::move(status);
  hub_.quarantined.erase(id_);
  hub_.core.Disconnect(id_, hub_.Now());
  if (!actor_.empty())
    spdlog::info("actor {} is gone: {}{}", actor_,
                 closing_status_.ok() ? "it left" : std::string(closing_status_.message()),
                 hub_.core.actors().connected() == 0 ? "; none is left" : "");
  hub_.Dispatch();
  if (!writing_) FinishWith(closing_status_);
}

void Exchange::FinishWith(const absl::Status& status) {
  phase_ = Phase::kFinished;
  HandOver(this);
  Finish(net::ToGrpc(status));
}

void Exchange::OnDone() {
  TakeOver(this);
  {
    MutexLock lock(hub_.mutex);
    hub_.streams.erase(id_);
    hub_.addresses.CloseStream(address_);
    hub_.changed.NotifyAll();
  }
  delete this;
}

}  // namespace nmn::service
