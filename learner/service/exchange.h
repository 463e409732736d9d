#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/sync/mutex.h"
#include "learner/service/hub.h"
#include "learner/service/outgoing.h"
#include "learner/service/weights.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::service {

// One actor's stream on the server's side. It does not decide anything: messages go to the core, and what the core says
// goes out. It deletes itself when gRPC is done with it. The hub's lock guards its state; the public calls need it
// held.
//
// Memory: it holds one message in, one message out, and one version of the weights, which a newer one overwrites (and
// the version that is on its way). The next read starts only when there is room for its acknowledgement. An actor that
// was told of its quarantine is not read until that is over, so its flood does not cost the others anything.
class Exchange : public grpc::ServerBidiReactor<v1::ActorMessage, v1::LearnerMessage> {
 public:
  // `address`: of the peer; the hub has counted the stream there.
  Exchange(Hub& hub, grpc::CallbackServerContext* context, std::string address);

  // For the analysis, which cannot know that a stream's hub is the hub that calls: the lock is held.
  void AssertLocked() const NMN_THREAD_ANNOTATION(assert_capability(hub_.mutex)) {}

  void SendLease(v1::Lease lease) NMN_REQUIRES(hub_.mutex);
  void SendWeights(std::shared_ptr<const Weights> weights) NMN_REQUIRES(hub_.mutex);
  // Goes on reading, if quarantine stopped it and is over.
  void ReadAgain() NMN_REQUIRES(hub_.mutex);
  // After this only acknowledgements follow. The actor ends the stream when it has heard.
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
  // For the core a stream is gone unless it is kOpen.
  enum class Phase {
    kOpen,
    kClosing,  // it ends when the current write has ended
    kFinished
  };
  enum class Reading {
    kGoesOn,              // a message is being read or handled
    kToldOfQuarantine,    // a message is handled, and the actor hears that it is in quarantine
    kWaitsForQuarantine,  // it waits until quarantine is over
    kWaitsForRoom         // it waits for room among the acknowledgements
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
  const std::string address_;
  std::string actor_;  // once it said hello
  ingest::StreamId id_ = 0;
  v1::ActorMessage in_;
  OutMessage out_;  // the message that is being written
  Outgoing outgoing_;
  Phase phase_ = Phase::kOpen;
  absl::Status closing_status_;  // kClosing
  Reading reading_ = Reading::kGoesOn;
  bool writing_ = false;  // from the choice of the message until gRPC has written it
};

}  // namespace nmn::service
