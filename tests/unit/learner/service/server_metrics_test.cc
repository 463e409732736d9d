// What a LearnerServer tells its LearnerMetrics.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "learner/metrics/learner_metrics.h"
#include "tests/unit/learner/metrics/samples.h"
#include "tests/unit/learner/service/learner_fixture.h"

namespace nmn::service {
namespace {

using nmn::testing::Samples;

class ServerMetrics : public ::testing::Test {
 protected:
  ServerMetrics() {
    LearnerServer::Options options = TestOptions();
    options.metrics = &metrics_;
    server_ = *LearnerServer::Start(options);
  }
  double Handled(const std::string& method, const std::string& code) {
    return Samples(exporter_->Text())
        .at("nmn_grpc_server_handled_total{code=\"" + code + "\",method=\"" + method + "\"}");
  }
  double Fleet(const std::string& series) { return Samples(metrics_.fleet).at(series); }
  absl::StatusOr<CollectedBatch> CollectFirst() {
    server_->Publish(1, Parameters(1));
    return server_->Collect(1, stop_.get_token());
  }

  std::unique_ptr<metrics::Exporter> exporter_ = *metrics::Exporter::Start({.address = metrics::kOff});
  metrics::LearnerMetrics metrics_{*exporter_, TestOptions().config, "run"};
  std::stop_source stop_;
  std::unique_ptr<LearnerServer> server_;
};

TEST_F(ServerMetrics, ReadTheFleet) {
  EXPECT_EQ(Fleet("nmn_serving"), 0);
  SessionThread actor(server_->InProcessChannel(), "good");
  ASSERT_TRUE(CollectFirst().ok());
  EXPECT_EQ(Fleet("nmn_serving"), 1);
  EXPECT_EQ(Fleet("nmn_actors_connected"), 1);
  EXPECT_EQ(Fleet("nmn_actors_limit"), 8);
  EXPECT_EQ(Fleet("nmn_leases_granted_total"), 4);
  EXPECT_EQ(Fleet("nmn_leases_outstanding"), 0);
  EXPECT_EQ(Fleet("nmn_units_unleased"), 0);
  EXPECT_EQ(Fleet("nmn_trajectories_total{verdict=\"accepted\"}"), 4);
  EXPECT_GT(Fleet("nmn_trajectory_bytes_total"), 4 * 3 * kHorizon * sizeof(float));
  EXPECT_EQ(Fleet("nmn_weights_version"), 1);
  EXPECT_EQ(Fleet("nmn_weights_bytes"), Parameters(1).size() * sizeof(float));
  EXPECT_GT(Fleet("nmn_ingest_queue_limit_bytes"), 0);
}

TEST_F(ServerMetrics, TheLivePageHasRunAndActorsOfStatus) {
  SessionThread actor(server_->InProcessChannel(), "good");
  ASSERT_TRUE(CollectFirst().ok());
  const nlohmann::json live = nlohmann::json::parse(metrics_.live.Json());
  EXPECT_EQ(live["run"]["run_id"], "run");
  EXPECT_EQ(live["run"]["generation"], 1);
  EXPECT_EQ(live["health"], "ok");
  ASSERT_EQ(live["fleet"]["actors"].size(), 1);
  EXPECT_EQ(live["fleet"]["actors"][0]["actor_id"], "good");
  EXPECT_EQ(live["fleet"]["actors"][0]["connected"], true);
  EXPECT_EQ(live["fleet"]["actors"][0]["units_accepted"], 4);
  EXPECT_EQ(live["fleet"]["limit"], 8);
  // gRPC's channel within a process must not be called once its server is gone.
  actor.Stop();
  actor.Wait();
  server_.reset();
  const nlohmann::json end = nlohmann::json::parse(metrics_.live.Json());
  EXPECT_EQ(end["state"], "ending");
  EXPECT_EQ(end["run"], live["run"]);
}

TEST_F(ServerMetrics, RpcsAreTheEndOfThePage) {
  const std::string page = exporter_->Text();
  EXPECT_GT(page.find("# HELP nmn_grpc_server_handled_total"), page.find("# HELP nmn_serving"));
  EXPECT_GT(page.find("# HELP nmn_grpc_server_handled_total"), page.find("# HELP nmn_updates_total"));
}

TEST_F(ServerMetrics, CountRpcsByMethodAndCode) {
  v1::BuildInfo other = TestBuild();
  other.set_protocol(2);
  {
    SessionThread actor(server_->InProcessChannel(), "good");
    SessionThread refused(server_->InProcessChannel(), "old", nullptr, other);
    ASSERT_TRUE(CollectFirst().ok());
    EXPECT_EQ(refused.Wait(), kExitPermanent);
    server_->Complete();
    EXPECT_EQ(actor.Wait(), kExitDone);
  }
  server_.reset();
  EXPECT_EQ(Handled("Register", "FAILED_PRECONDITION"), 1);
  EXPECT_EQ(Handled("Exchange", "OK"), 1);
  // Those before the first weights are told to come again.
  EXPECT_EQ(Handled("Register", "OK"), 1);
  EXPECT_EQ(Samples(exporter_->Text()).at("nmn_grpc_server_handling_seconds_count{method=\"Register\"}"),
            2 + Handled("Register", "UNAVAILABLE"));
}

TEST_F(ServerMetrics, AreZeroOnceTheServerIsGone) {
  ASSERT_EQ(Fleet("nmn_actors_limit"), 8);
  server_.reset();
  EXPECT_EQ(Fleet("nmn_actors_limit"), 0);
}

}  // namespace
}  // namespace nmn::service
