#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>

#include "absl/status/status.h"
#include "common/sync/mutex.h"
#include "learner/service/hub.h"
#include "learner/service/outgoing.h"
#include "learner/service/weights.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::service {

// One actor's stream, server side. Decides nothing: messages go to the core, what the core says goes out. Deletes
// itself when gRPC is done with it. Its state is guarded by the hub's lock; the public calls want it held.
//
// Memory: one message in, one message out; weights in one slot that a newer version overwrites (plus the version on its
// way); the next read starts only when there is room for its acknowledgement, and for an actor that was told of its
// quarantine only when that is over: its flood costs the others nothing.
class Exchange : public grpc::ServerBidiReactor<v1::ActorMessage, v1::LearnerMessage> {
 public:
  Exchange(Hub& hub, grpc::CallbackServerContext* context);

  // For the analysis, which cannot know that a stream's hub is the hub that calls: the lock is held.
  void AssertLocked() const NMN_THREAD_ANNOTATION(assert_capability(hub_.mutex)) {}

  void SendLease(v1::Lease lease) NMN_REQUIRES(hub_.mutex);
  void SendWeights(std::shared_ptr<const Weights> weights) NMN_REQUIRES(hub_.mutex);
  // Where quarantine kept it from reading and is over.
  void ReadAgain() NMN_REQUIRES(hub_.mutex);
  // Nothing but acknowledgements follows. The actor ends the stream when it has heard.
  void SayGoodbye(v1::GoodbyeReason reason) NMN_REQUIRES(hub_.mutex);
  // Ends the stream from this side, whatever is under way.
  void Abort(const absl::Status& status) NMN_REQUIRES(hub_.mutex);

  // Gives gRPC the message that Pump chose, without the lock. The stream lives until that is written: HubLock calls it.
  void Write() NMN_EXCLUDES(hub_.mutex);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // Gone for the core is all that is not kOpen.
  enum class Phase {
    kOpen,
    kClosing,  // ends when the write under way has ended
    kFinished
  };
  enum class Reading {
    kGoesOn,              // a message is read or handled
    kToldOfQuarantine,    // handled, and the actor hears that it is in quarantine
    kWaitsForQuarantine,  // to be over
    kWaitsForRoom         // among the acknowledgements
  };

  void Handle(const v1::ActorMessage& message);
  absl::Status HandleLocked(const v1::ActorMessage& message) NMN_REQUIRES(hub_.mutex);
  void HandleTrajectory(const v1::Trajectory& trajectory);
  void Read() NMN_REQUIRES(hub_.mutex);
  void Pump() NMN_REQUIRES(hub_.mutex);
  void Close(absl::Status status) NMN_REQUIRES(hub_.mutex);
  void FinishWith(const absl::Status& status) NMN_REQUIRES(hub_.mutex);

  Hub& hub_;
  grpc::CallbackServerContext* context_;
  ingest::StreamId id_ = 0;
  v1::ActorMessage in_;
  OutMessage out_;  // of the write under way
  Outgoing outgoing_;
  Phase phase_ = Phase::kOpen;
  absl::Status closing_status_;  // kClosing
  Reading reading_ = Reading::kGoesOn;
  bool writing_ = false;  // from the choice of the message until gRPC has written it
};

}  // namespace nmn::service
