#include "tests/fault/fleet/crowd.h"

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/trajectory_message.h"
#include "common/env/environment.h"
#include "common/net/channel.h"

namespace nmn::fault {

// One actor's stream, client side. Its state is guarded by the crowd's lock.
class Crowd::Member : public grpc::ClientBidiReactor<v1::ActorMessage, v1::LearnerMessage> {
 public:
  Member(Crowd& crowd, std::shared_ptr<grpc::Channel> channel, v1::RegisterResponse registration,
         const v1::RegisterRequest& request)
      : crowd_(crowd), stub_(v1::LearnerService::NewStub(std::move(channel))), registration_(std::move(registration)) {
    v1::ActorMessage message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_run_id(registration_.run_id());
    hello.set_generation(registration_.generation());
    hello.set_actor_id(request.actor_id());
    hello.set_incarnation(request.incarnation());
    hello.set_config_hash(registration_.config_hash());
    MutexLock lock(crowd_.mutex_);
    ++crowd_.counts_.open;
    stub_->async()->Exchange(&context_, this);
    AddHold();
    Send(std::move(message));
    StartRead(&in_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }
  void DeliverWaiting() NMN_EXCLUDES(crowd_.mutex_) {
    MutexLock lock(crowd_.mutex_);
    for (const v1::Lease& lease : waiting_) Deliver(lease);
    waiting_.clear();
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(crowd_.mutex_);
    if (!ok) {
      End();
      return;
    }
    Handle();
    StartRead(&in_);
  }
  void OnWriteDone(bool ok) override {
    MutexLock lock(crowd_.mutex_);
    writing_ = false;
    if (ok) {
      Pump();
    } else {
      End();
    }
  }
  void OnDone(const grpc::Status&) override {
    MutexLock lock(crowd_.mutex_);
    --crowd_.counts_.open;
    crowd_.changed_.NotifyAll();
  }

 private:
  void Handle() NMN_REQUIRES(crowd_.mutex_) {
    switch (in_.body_case()) {
      case v1::LearnerMessage::kWeights: {
        if (crowd_.weights_ != nullptr && crowd_.weights_->version >= in_.weights().version()) return;
        actor::WeightsAssembler assembler(net::kChunkBytes);
        const auto whole = assembler.Add(in_.weights());
        EXPECT_TRUE(whole.ok() && *whole != nullptr) << "weights of more than a chunk, or corrupt";
        if (whole.ok()) crowd_.weights_ = *whole;
        return;
      }
      case v1::LearnerMessage::kLease:
        if (crowd_.playing_) {
          Deliver(in_.lease());
        } else {
          waiting_.push_back(in_.lease());
        }
        return;
      case v1::LearnerMessage::kAcknowledgement:
        ++(in_.acknowledgement().reason() == v1::ACCEPTED ? crowd_.counts_.accepted : crowd_.counts_.other);
        return;
      case v1::LearnerMessage::kGoodbye:
        goodbye_ = true;
        Pump();
        return;
      case v1::LearnerMessage::BODY_NOT_SET:
        return;
    }
  }
  void Deliver(const v1::Lease& lease) NMN_REQUIRES(crowd_.mutex_) {
    for (v1::Trajectory& trajectory : crowd_.Play(lease, registration_)) {
      v1::ActorMessage message;
      *message.mutable_trajectory() = std::move(trajectory);
      Send(std::move(message));
    }
  }
  void Send(v1::ActorMessage message) {
    message.set_sequence(++sequence_);
    queue_.push_back(std::move(message));
    Pump();
  }
  void Pump() {
    if (writing_ || ended_) return;
    if (!queue_.empty()) {
      writing_ = true;
      out_ = std::move(queue_.front());
      queue_.pop_front();
      StartWrite(&out_);
    } else if (goodbye_) {
      StartWritesDone();
      End();
    }
  }
  void End() {
    if (ended_) return;
    ended_ = true;
    RemoveHold();
  }

  Crowd& crowd_;
  const std::unique_ptr<v1::LearnerService::Stub> stub_;
  const v1::RegisterResponse registration_;
  grpc::ClientContext context_;
  v1::LearnerMessage in_;
  v1::ActorMessage out_;
  std::deque<v1::ActorMessage> queue_;
  std::vector<v1::Lease> waiting_;  // until the crowd plays
  uint64_t sequence_ = 0;
  bool writing_ = false;
  bool goodbye_ = false;
  bool ended_ = false;
};

Crowd::Crowd(uint16_t port, const v1::BuildInfo& build, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const auto channel = net::CreateChannel({"127.0.0.1", port});
    v1::RegisterRequest request;
    request.set_actor_id(absl::StrCat("crowd-", i));
    request.set_incarnation(i + 1);
    *request.mutable_build() = build;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::RegisterResponse registration;
    const grpc::Status status = v1::LearnerService::NewStub(channel)->Register(&context, request, &registration);
    if (!status.ok()) {
      ADD_FAILURE() << request.actor_id() << ": " << status.error_message();
      return;
    }
    {
      MutexLock lock(mutex_);
      if (engine_ == nullptr) {
        const v1::RunConfig& config = registration.config();
        engine_ = *actor::RolloutEngine::Create(config, config.ppo().episodes_per_update());
      }
    }
    members_.push_back(std::make_unique<Member>(*this, channel, std::move(registration), request));
  }
}

void Crowd::Begin() {
  {
    MutexLock lock(mutex_);
    playing_ = true;
  }
  for (const auto& member : members_) member->DeliverWaiting();
}

Crowd::~Crowd() {
  for (const auto& member : members_) member->Cancel();
  MutexLock lock(mutex_);
  while (counts_.open > 0) changed_.Wait(mutex_);
}

Crowd::Counts Crowd::counts() {
  MutexLock lock(mutex_);
  return counts_;
}

std::vector<v1::Trajectory> Crowd::Play(const v1::Lease& lease, const v1::RegisterResponse& registration) {
  std::vector<v1::Trajectory> messages;
  // A member may still hear a lease of an update that others have finished.
  if (weights_ == nullptr || weights_->version != lease.policy_version()) return messages;
  engine_->SetParameters(weights_->parameters, weights_->version);
  const v1::RunConfig& config = registration.config();
  const actor::TrajectoryHeader header{registration.run_id(), registration.generation(), weights_->version,
                                       env::FindSpec(config.benchmark())->measures};
  for (const v1::UnitId& unit : lease.units()) {
    const env::BatchKey key{.seed = config.seed(),
                            .update = unit.update(),
                            .first_episode = unit.first_episode(),
                            .first_global_episode = uint64_t{unit.update() - 1} * config.ppo().episodes_per_update() +
                                                    unit.first_episode()};
    const auto rollout = engine_->Run(key, unit.count());
    EXPECT_TRUE(rollout.ok()) << rollout.status();
    if (!rollout.ok()) break;
    for (v1::Trajectory& message : actor::MakeTrajectories(header, unit, *rollout))
      messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace nmn::fault
