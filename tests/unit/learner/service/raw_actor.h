#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "learner/ingest/validate.h"
#include "nmn/v1/learner.grpc.pb.h"
#include "tests/unit/actor/fake_engine.h"

namespace nmn::service {

// An actor by hand, for what a correct one never does.
class RawActor {
 public:
  RawActor(const std::shared_ptr<grpc::Channel>& channel, std::string id, const v1::BuildInfo& build)
      : stub_(v1::LearnerService::NewStub(channel)), id_(std::move(id)), build_(build) {}

  grpc::Status Register() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    v1::RegisterRequest request;
    request.set_actor_id(id_);
    request.set_incarnation(kIncarnation);
    *request.mutable_build() = build_;
    return stub_->Register(&context, request, &registration_);
  }

  void Rename(std::string id) { id_ = std::move(id); }
  v1::RegisterResponse& registration() { return registration_; }

  void Open() {
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + kLongestStream);
    stream_ = stub_->Exchange(context_.get());
    sequence_ = 0;
  }
  v1::Hello MakeHello() const {
    v1::Hello hello;
    hello.set_run_id(registration_.run_id());
    hello.set_generation(registration_.generation());
    hello.set_actor_id(id_);
    hello.set_incarnation(kIncarnation);
    hello.set_config_hash(registration_.config_hash());
    return hello;
  }
  void Hello() {
    v1::ActorMessage message;
    *message.mutable_hello() = MakeHello();
    Send(message);
  }
  void Join() {
    Register();
    Open();
    Hello();
  }
  void Send(v1::ActorMessage message) {
    message.set_sequence(++sequence_);
    SendAsItIs(message);
  }
  // With whatever sequence number it has; false when the stream has ended.
  bool SendAsItIs(const v1::ActorMessage& message) { return stream_->Write(message); }
  // The next message; not set when the stream has ended.
  v1::LearnerMessage Next() {
    v1::LearnerMessage message;
    if (!stream_->Read(&message)) message.Clear();
    return message;
  }
  // The next message of a kind; others are skipped. Not set when the stream has ended, or the learner says goodbye.
  v1::LearnerMessage Await(v1::LearnerMessage::BodyCase kind) {
    v1::LearnerMessage message;
    while (stream_->Read(&message)) {
      if (message.body_case() == kind) return message;
      if (message.has_goodbye()) break;
    }
    return {};
  }
  v1::Acknowledgement Answer(const v1::Trajectory& trajectory) {
    v1::ActorMessage message;
    *message.mutable_trajectory() = trajectory;
    Send(message);
    return Await(v1::LearnerMessage::kAcknowledgement).acknowledgement();
  }
  v1::RejectReason Deliver(const v1::Trajectory& trajectory) { return Answer(trajectory).reason(); }
  grpc::Status End() {
    v1::LearnerMessage message;
    while (stream_->Read(&message)) {
    }
    return stream_->Finish();
  }
  void Kill() {
    Cancel();
    End();
  }
  // May be called while another thread reads or writes.
  void Cancel() { context_->TryCancel(); }

  // What a correct actor would send for a unit of b1.
  v1::Trajectory Play(const v1::UnitId& unit, float weight) const {
    v1::Trajectory trajectory;
    trajectory.set_run_id(registration_.run_id());
    trajectory.set_generation(registration_.generation());
    *trajectory.mutable_unit() = unit;
    trajectory.set_policy_version(unit.update());
    trajectory.set_first_episode(unit.first_episode());
    trajectory.set_count(unit.count());
    const uint32_t horizon = registration_.config().env().horizon();
    for (int field = 1; field <= 6; ++field) {
      v1::Block* block = trajectory.add_blocks();
      block->set_field(static_cast<v1::Field>(field));
      block->add_shape(horizon);
      if (field == v1::OBSERVATION) block->add_shape(1);
      block->add_shape(unit.count());
      for (uint32_t t = 0; t < horizon; ++t) {
        for (uint32_t e = unit.first_episode(); e < unit.first_episode() + unit.count(); ++e) {
          const float value = actor::FakeStep(field, t, 0, unit.update(), e, weight);
          block->mutable_data()->append(reinterpret_cast<const char*>(&value), sizeof(value));
        }
      }
    }
    v1::MeasureBlock* measure = trajectory.add_measures();
    measure->set_name("distance");
    for (uint32_t e = unit.first_episode(); e < unit.first_episode() + unit.count(); ++e) measure->add_values(e);
    trajectory.set_sha256(ingest::PayloadSha256(trajectory));
    return trajectory;
  }

 private:
  static constexpr uint64_t kIncarnation = 77;
  static constexpr auto kLongestStream = std::chrono::minutes(5);  // nothing hangs for longer

  std::unique_ptr<v1::LearnerService::Stub> stub_;
  std::string id_;
  v1::BuildInfo build_;
  v1::RegisterResponse registration_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ActorMessage, v1::LearnerMessage>> stream_;
  uint64_t sequence_ = 0;
};

}  // namespace nmn::service
