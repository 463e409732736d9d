#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "actor/session.h"
#include "common/config/config.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "learner/service/learner_server.h"
#include "tests/unit/actor/fake_engine.h"
#include "tests/unit/learner/service/raw_actor.h"

namespace nmn::service {

inline constexpr uint32_t kEpisodes = 12;
inline constexpr uint32_t kHorizon = 20;

inline v1::BuildInfo TestBuild() {
  v1::BuildInfo build;
  build.set_version("1.2.3");
  build.set_commit("abc");
  build.set_protocol(1);
  build.set_rounding_class("fma");
  return build;
}

inline LearnerServer::Options TestOptions() {
  LearnerServer::Options options;
  options.config.set_benchmark("b1");
  options.config.set_mode(v1::SYNC);
  options.config.set_seed(5);
  EXPECT_TRUE(config::Set(absl::StrCat("env.horizon=", kHorizon), options.config).ok());
  options.config.mutable_ppo()->set_episodes_per_update(kEpisodes);
  options.config.mutable_work()->set_unit_episodes(3);
  options.config.mutable_work()->set_lease_seconds(60);
  options.config.mutable_work()->set_max_actors(8);
  options.config.mutable_work()->set_credit_bytes(8 << 20);
  options.config_hash = config::Hash(options.config);
  options.run_id = "run";
  options.generation = 1;
  options.build = TestBuild();
  return options;
}

// The parameters of a version; the first is what FakeEngine shows.
inline std::vector<float> Parameters(uint32_t version) { return {static_cast<float>(version), 1, 2, 3}; }

inline void ExpectWholeBatch(const CollectedBatch& batch, uint32_t update) {
  ASSERT_EQ(batch.trajectories.reward().columns, kEpisodes);
  for (uint32_t e = 0; e < kEpisodes; ++e) {
    for (uint32_t t = 0; t < kHorizon; ++t) {
      const auto value = [&](int field) { return actor::FakeStep(field, t, 0, update, e, static_cast<float>(update)); };
      ASSERT_EQ(batch.trajectories.observation().plane(t)(0, e), value(v1::OBSERVATION));
      ASSERT_EQ(batch.trajectories.raw_action()(t, e), value(v1::RAW_ACTION));
      ASSERT_EQ(batch.trajectories.action()(t, e), value(v1::ACTION));
      ASSERT_EQ(batch.trajectories.reward()(t, e), value(v1::REWARD));
      ASSERT_EQ(batch.trajectories.Scalar(v1::MEAN)(t, e), value(v1::MEAN));
      ASSERT_EQ(batch.trajectories.Scalar(v1::LOG_VARIANCE)(t, e), value(v1::LOG_VARIANCE));
    }
    EXPECT_EQ((*batch.measures)[0][e], e);
  }
}

// An ActorSession with a FakeEngine on a thread of its own.
class SessionThread {
 public:
  SessionThread(std::shared_ptr<grpc::Channel> channel, const std::string& id,
                std::shared_ptr<actor::Gate> gate = nullptr, v1::BuildInfo build = TestBuild(),
                std::chrono::milliseconds connect_timeout = std::chrono::seconds(30), uint32_t lanes = 0) {
    actor::ActorSession::Options options;
    options.actor_id = id;
    options.learner = "the test";
    options.lanes = lanes;
    options.connect_timeout = connect_timeout;
    options.build = build;
    options.engine = [gate](const v1::RunConfig& config, size_t) {
      return std::make_unique<actor::FakeEngine>(config, gate);
    };
    session_ = std::make_unique<actor::ActorSession>(std::move(channel), options);
    code_ = std::async(std::launch::async, [this] { return session_->Run(stop_.get_token()); });
  }
  ~SessionThread() {
    stop_.request_stop();
    if (code_.valid()) code_.wait();
  }

  void Stop() { stop_.request_stop(); }
  ExitCode Wait() { return code_.get(); }

 private:
  std::stop_source stop_;
  std::unique_ptr<actor::ActorSession> session_;
  std::future<ExitCode> code_;
};

inline std::shared_ptr<grpc::Channel> Dial(const std::string& address) {
  return net::CreateChannel(*net::ParseServerAddress(address, "--learner"));
}

}  // namespace nmn::service
