#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "common/sync/mutex.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::actor {

// One Exchange stream on the actor's side. It numbers messages, sends them in order, and keeps what comes in until
// Take. Thread-safe. The destructor cancels what is left and waits until gRPC is done.
class ExchangeStream : private grpc::ClientBidiReactor<v1::ActorMessage, v1::LearnerMessage> {
 public:
  // `notify` is called, on gRPC's threads, when Take or ended has something new; it must not call back.
  ExchangeStream(v1::LearnerService::Stub& stub, std::function<void()> notify);
  ~ExchangeStream() override;

  // The caller bounds what waits: trajectories by its credits, the rest by its own pace.
  void Send(v1::ActorMessage message);
  void Send(std::shared_ptr<const v1::Trajectory> trajectory);
  // No more messages: the learner ends the stream when it has read them all.
  void HalfClose();

  std::optional<v1::LearnerMessage> Take();
  // How the stream ended; nothing while it lives, or while messages wait to be taken.
  std::optional<absl::Status> ended() const;
  // False if it has not ended by `deadline`; messages that come meanwhile are dropped.
  bool WaitForEnd(std::chrono::steady_clock::time_point deadline);

 private:
  struct Outgoing {
    v1::ActorMessage message;
    std::shared_ptr<const v1::Trajectory> trajectory;  // becomes the body, without a copy
  };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void Pump() NMN_REQUIRES(mutex_);
  void Read();
  void ReadAgain() NMN_REQUIRES(mutex_);  // if reading waits

  grpc::ClientContext context_;
  const std::function<void()> notify_;

  mutable Mutex mutex_;
  CondVar changed_;
  v1::LearnerMessage in_;
  Outgoing out_ NMN_GUARDED_BY(mutex_);
  std::deque<Outgoing> outgoing_ NMN_GUARDED_BY(mutex_);
  std::deque<v1::LearnerMessage> incoming_ NMN_GUARDED_BY(mutex_);
  uint64_t sequence_ NMN_GUARDED_BY(mutex_) = 0;
  bool writing_ NMN_GUARDED_BY(mutex_) = false;
  bool broken_ NMN_GUARDED_BY(mutex_) = false;
  bool half_close_ NMN_GUARDED_BY(mutex_) = false;
  bool half_closed_ NMN_GUARDED_BY(mutex_) = false;
  bool read_waits_ NMN_GUARDED_BY(mutex_) = false;  // for room among the incoming
  bool draining_ NMN_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> ended_ NMN_GUARDED_BY(mutex_);
};

}  // namespace nmn::actor
