#include "learner/service/exchange.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "common/failpoint/failpoint.h"
#include "common/net/status.h"
#include "common/sync/hand_over.h"

namespace nmn::service {
namespace {

// A reader of acknowledgements this far behind gets no more of its messages read.
constexpr size_t kMostAcknowledgements = 64;

}  // namespace

Exchange::Exchange(Hub& hub, grpc::CallbackServerContext* context) : hub_(hub), context_(context) {
  MutexLock lock(hub_.mutex);
  id_ = ++hub_.last_stream;
  hub_.streams[id_] = this;
  hub_.core.Connect(id_, hub_.Now());
  hub_.Dispatch();
  Read();
  HandOver(this);
}

void Exchange::SendLease(v1::Lease lease) {
  leases_.push_back(std::move(lease));
  Pump();
}

void Exchange::SendWeights(std::shared_ptr<const Weights> weights) {
  slot_ = std::move(weights);
  Pump();
}

void Exchange::SayGoodbye(v1::GoodbyeReason reason) {
  if (goodbye_) return;
  goodbye_ = reason;
  Pump();
  ReadAgain();  // the end of its stream
}

void Exchange::Abort(const absl::Status& status) {
  Gone();
  if (writing_) context_->TryCancel();  // a peer that reads nothing would hold the write for ever
  End(status);
}

void Exchange::ReadAgain() {
  if (!told_of_quarantine_) return;
  told_of_quarantine_ = false;
  if (hub_.quarantined.erase(id_) > 0 && !finished_ && !gone_) Read();
}

void Exchange::Read() {
  if (told_of_quarantine_ && hub_.core.Quarantined(id_, hub_.Now())) {
    hub_.quarantined.insert(id_);
    return;
  }
  told_of_quarantine_ = false;
  if (acknowledgements_.size() >= kMostAcknowledgements) {
    read_waits_ = true;
    return;
  }
  read_waits_ = false;
  HandOver(this);
  StartRead(&in_);
}

void Exchange::OnReadDone(bool ok) {
  TakeOver(this);
  if (ok) {
    Handle(in_);
    return;
  }
  MutexLock lock(hub_.mutex);
  if (goodbye_sent_) hub_.core.Leave(id_);
  Gone();
  End(absl::OkStatus());
}

void Exchange::Handle(const v1::ActorMessage& message) {
  {
    MutexLock lock(hub_.mutex);
    absl::Status status = HandleLocked(message);
    if (!status.ok()) {
      spdlog::warn("stream of {} ended: {}", context_->peer(), std::string(status.message()));
      Gone();
      End(status);
      return;
    }
  }
  if (message.has_trajectory()) HandleTrajectory(message.trajectory());
  MutexLock lock(hub_.mutex);
  hub_.Dispatch();
  Pump();
  if (!finished_) Read();
}

absl::Status Exchange::HandleLocked(const v1::ActorMessage& message) {
  const ingest::Time now = hub_.Now();
  if (absl::Status status = hub_.core.Count(id_, message.sequence(), now); !status.ok()) return status;
  if (message.sequence() == 1 && !message.has_hello())
    return absl::FailedPreconditionError("the first message must be hello");
  switch (message.body_case()) {
    case v1::ActorMessage::kHello: {
      absl::Status status = hub_.core.Hello(id_, message.hello(), now);
      if (!status.ok()) return status;
      spdlog::info("actor {} connected", message.hello().actor_id());
      slot_ = hub_.weights;
      if (hub_.goodbye) goodbye_ = *hub_.goodbye;
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
    const ingest::Verdict payload = ingest::CheckPayload(trajectory);
    failpoint::Pass(failpoint::Point::kIngestDeliver);
    {
      MutexLock lock(hub_.mutex);
      verdict = hub_.core.Deliver(id_, trajectory, payload, hub_.Now());
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
  MutexLock lock(hub_.mutex);
  hub_.judged_bytes -= bytes;
  if (!lost.ok()) {
    Abort(lost);
    return;
  }
  acknowledgements_.push_back(std::move(acknowledgement));
  told_of_quarantine_ = verdict.reason == v1::QUARANTINED && !goodbye_;
}

bool Exchange::NextMessage() {
  out_.Clear();
  if (!acknowledgements_.empty()) {
    *out_.mutable_acknowledgement() = std::move(acknowledgements_.front());
    acknowledgements_.pop_front();
    return true;
  }
  if (goodbye_) {
    if (goodbye_sent_) return false;
    goodbye_sent_ = true;
    out_.mutable_goodbye()->set_reason(*goodbye_);
    return true;
  }
  if (slot_ != nullptr) {
    sending_ = std::exchange(slot_, nullptr);
    sent_bytes_ = 0;
  }
  if (sending_ != nullptr) {
    sent_bytes_ = FillChunk(*sending_, sent_bytes_, *out_.mutable_weights());
    if (sent_bytes_ == sending_->bytes.size()) sending_.reset();
    return true;
  }
  if (leases_.empty()) return false;
  *out_.mutable_lease() = std::move(leases_.front());
  leases_.pop_front();
  return true;
}

void Exchange::Pump() {
  if (writing_ || finished_ || gone_ || !NextMessage()) return;
  writing_ = true;
  HandOver(this);
  StartWrite(&out_);
}

void Exchange::OnWriteDone(bool ok) {
  TakeOver(this);
  MutexLock lock(hub_.mutex);
  writing_ = false;
  if (end_after_write_) {
    End(*end_after_write_);
    return;
  }
  if (!ok) {
    Gone();
    End(absl::UnavailableError("the actor is gone"));
    return;
  }
  Pump();
  if (read_waits_ && !finished_) Read();
}

void Exchange::OnCancel() {
  TakeOver(this);
  MutexLock lock(hub_.mutex);
  Gone();
  End(absl::CancelledError("cancelled"));
}

void Exchange::Gone() {
  if (gone_) return;
  gone_ = true;
  hub_.quarantined.erase(id_);
  hub_.core.Disconnect(id_, hub_.Now());
  hub_.Dispatch();
}

void Exchange::End(const absl::Status& status) {
  if (finished_) return;
  if (writing_) {
    if (!end_after_write_) end_after_write_ = status;
    return;
  }
  finished_ = true;
  HandOver(this);
  Finish(net::ToGrpc(status));
}

void Exchange::OnDone() {
  TakeOver(this);
  {
    MutexLock lock(hub_.mutex);
    Gone();
    hub_.streams.erase(id_);
    hub_.changed.NotifyAll();
  }
  delete this;
}

}  // namespace nmn::service
