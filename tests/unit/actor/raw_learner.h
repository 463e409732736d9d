#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/sync/mutex.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::actor {

// A learner by hand, for what a correct one, or an honest network, never does. Its config is b1's, of two episodes.
class RawLearner : public v1::LearnerService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::LearnerMessage, v1::ActorMessage>;

  RawLearner() {
    config_.set_benchmark("b1");
    config_.set_mode(v1::SYNC);
    EXPECT_TRUE(config::Set("env.horizon=5", config_).ok());
    config_.mutable_ppo()->set_episodes_per_update(2);
    config_.mutable_work()->set_unit_episodes(1);
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~RawLearner() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel({}); }

  // Called for the n-th registration and stream, from 1.
  using OnRegister = std::function<void(int, v1::RegisterResponse&)>;
  using OnExchange = std::function<void(int, Stream&)>;
  void set_on_register(OnRegister on_register) {
    MutexLock lock(mutex_);
    on_register_ = std::move(on_register);
  }
  void set_on_exchange(OnExchange on_exchange) {
    MutexLock lock(mutex_);
    on_exchange_ = std::move(on_exchange);
  }

  std::atomic<int> registrations{0};
  std::atomic<int> streams{0};
  std::atomic<int> fetches{0};

  static v1::WeightsChunk Weights(uint32_t version) {
    v1::WeightsChunk chunk;
    chunk.set_version(version);
    chunk.set_data(std::string(16, '\0'));
    chunk.set_total_bytes(16);
    chunk.set_sha256(Sha256Of(chunk.data()));
    return chunk;
  }
  static void SendWeights(Stream& stream, uint32_t version) {
    v1::LearnerMessage message;
    *message.mutable_weights() = Weights(version);
    stream.Write(message);
  }
  static void SendLease(Stream& stream, uint32_t update, uint32_t first_episode, uint32_t count) {
    v1::LearnerMessage message;
    message.mutable_lease()->set_policy_version(update);
    v1::UnitId* unit = message.mutable_lease()->add_units();
    unit->set_update(update);
    unit->set_first_episode(first_episode);
    unit->set_count(count);
    stream.Write(message);
  }
  static void SayGoodbye(Stream& stream) {
    v1::LearnerMessage message;
    message.mutable_goodbye()->set_reason(v1::RUN_COMPLETE);
    stream.Write(message);
    AwaitEnd(stream);
  }
  // The next trajectory; without a unit where the stream ends before.
  static v1::Trajectory AwaitTrajectory(Stream& stream) {
    v1::ActorMessage message;
    while (stream.Read(&message)) {
      if (message.has_trajectory()) return message.trajectory();
    }
    return {};
  }
  static void AwaitEnd(Stream& stream) {
    v1::ActorMessage message;
    while (stream.Read(&message)) {
    }
  }

  grpc::Status Register(grpc::ServerContext*, const v1::RegisterRequest*, v1::RegisterResponse* response) override {
    response->set_run_id("run");
    response->set_generation(1);
    *response->mutable_config() = config_;
    response->set_config_hash(config::Hash(config_));
    response->set_credit_bytes(1 << 20);
    response->set_heartbeat_seconds(2);
    Get(on_register_)(++registrations, *response);
    return grpc::Status::OK;
  }
  grpc::Status Exchange(grpc::ServerContext*, Stream* stream) override {
    Get(on_exchange_)(++streams, *stream);
    return grpc::Status::OK;
  }
  grpc::Status FetchWeights(grpc::ServerContext*, const v1::FetchWeightsRequest*,
                            grpc::ServerWriter<v1::WeightsChunk>* writer) override {
    ++fetches;
    writer->Write(Weights(1));
    return grpc::Status::OK;
  }

 private:
  template <typename Function>
  Function Get(const Function& function) {
    MutexLock lock(mutex_);
    return function;
  }

  Mutex mutex_;
  OnRegister on_register_ = [](int, v1::RegisterResponse&) {};
  OnExchange on_exchange_ = [](int, Stream&) {};
  v1::RunConfig config_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace nmn::actor
