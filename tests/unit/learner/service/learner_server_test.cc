#include "learner/service/learner_server.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <stop_token>

#include "tests/unit/learner/service/learner_fixture.h"

namespace nmn::service {
namespace {

using testing::HasSubstr;

class LearnerServerTest : public testing::Test {
 protected:
  LearnerServerTest()
      : server_(*LearnerServer::Start(TestOptions())), raw_(server_->InProcessChannel(), "raw", TestBuild()) {}

  // Opens update 1 and has the raw actor join; returns its lease, all four units.
  v1::Lease JoinRaw() {
    server_->Publish(1, Parameters(1));
    collector_ = std::async(std::launch::async, [this] { return server_->Collect(1, stop_.get_token()); });
    raw_.Join();
    return raw_.Await(v1::LearnerMessage::kLease).lease();
  }
  v1::GetStatusResponse Status() {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    EXPECT_TRUE(v1::LearnerService::NewStub(server_->InProcessChannel())->GetStatus(&context, {}, &response).ok());
    return response;
  }
  ~LearnerServerTest() override { stop_.request_stop(); }

  std::stop_source stop_;
  std::unique_ptr<LearnerServer> server_;
  RawActor raw_;
  std::future<absl::StatusOr<CollectedBatch>> collector_;
};

TEST_F(LearnerServerTest, ACopyIsAcknowledgedAsDuplicate) {
  const v1::Lease lease = JoinRaw();
  const v1::Trajectory trajectory = raw_.Play(lease.units(0), 1);
  EXPECT_EQ(raw_.Deliver(trajectory), v1::ACCEPTED);
  EXPECT_EQ(raw_.Deliver(trajectory), v1::DUPLICATE);
}

TEST_F(LearnerServerTest, AnAcknowledgementGivesTheBytesBack) {
  const v1::Trajectory trajectory = raw_.Play(JoinRaw().units(0), 1);
  v1::ActorMessage message;
  *message.mutable_trajectory() = trajectory;
  raw_.Send(message);
  EXPECT_EQ(raw_.Await(v1::LearnerMessage::kAcknowledgement).acknowledgement().credit_bytes(),
            trajectory.ByteSizeLong());
}

TEST_F(LearnerServerTest, PoisonIsRefusedByReasonAndOthersTrainOn) {
  const v1::Lease lease = JoinRaw();
  const auto refused = [&](const std::function<void(v1::Trajectory&)>& spoil) {
    v1::Trajectory trajectory = raw_.Play(lease.units(0), 1);
    spoil(trajectory);
    return raw_.Deliver(trajectory);
  };
  EXPECT_EQ(refused([](auto& t) { t.set_generation(0); }), v1::STALE_GENERATION);
  EXPECT_EQ(refused([](auto& t) { t.set_policy_version(7); }), v1::STALE_POLICY);
  EXPECT_EQ(refused([](auto& t) { t.set_run_id("other"); }), v1::WRONG_RUN);
  EXPECT_EQ(refused([](auto& t) { t.mutable_blocks(1)->mutable_data()->pop_back(); }), v1::WRONG_SHAPE);
  EXPECT_EQ(refused([](auto& t) {
              const float nan = std::numeric_limits<float>::quiet_NaN();
              t.mutable_blocks(3)->mutable_data()->replace(0, 4, reinterpret_cast<const char*>(&nan), 4);
              t.set_sha256(ingest::PayloadSha256(t));
            }),
            v1::NOT_FINITE);
  EXPECT_EQ(refused([](auto&) {}), v1::QUARANTINED);
  v1::ActorMessage flood;
  *flood.mutable_trajectory() = raw_.Play(lease.units(0), 1);
  for (int i = 0; i < 5; ++i) raw_.Send(flood);  // not even read
  SessionThread good(server_->InProcessChannel(), "good");
  const auto batch = collector_.get();
  ASSERT_TRUE(batch.ok());
  ExpectWholeBatch(*batch, 1);
  EXPECT_EQ(Status().rejects().at("NOT_FINITE"), 1u);
  EXPECT_EQ(Status().rejects().at("QUARANTINED"), 1u);
}

TEST_F(LearnerServerTest, AStreamOfAnotherGenerationOrConfigIsEnded) {
  server_->Publish(1, Parameters(1));
  const auto ended = [&](const std::function<void(v1::RegisterResponse&)>& spoil) {
    raw_.Register();
    spoil(raw_.registration());
    raw_.Open();
    raw_.Hello();
    return raw_.End().error_code();
  };
  EXPECT_EQ(ended([](auto& r) { r.set_generation(0); }), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ended([](auto& r) { r.set_config_hash("x"); }), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ended([](auto& r) { r.set_run_id("x"); }), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(LearnerServerTest, AStreamThatDoesNotBeginWithHelloIsEnded) {
  server_->Publish(1, Parameters(1));
  raw_.Register();
  raw_.Open();
  v1::ActorMessage message;
  message.mutable_heartbeat();
  raw_.Send(message);
  EXPECT_EQ(raw_.End().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(LearnerServerTest, NobodyRegistersBeforeThereAreWeights) {
  EXPECT_EQ(raw_.Register().error_code(), grpc::StatusCode::UNAVAILABLE);
  server_->Publish(1, Parameters(1));
  EXPECT_TRUE(raw_.Register().ok());
}

TEST_F(LearnerServerTest, TooManyActorsAreRefused) {
  server_->Publish(1, Parameters(1));
  std::vector<std::unique_ptr<RawActor>> actors;
  for (int i = 0; i < 8; ++i) {
    actors.push_back(std::make_unique<RawActor>(server_->InProcessChannel(), "a" + std::to_string(i), TestBuild()));
    actors.back()->Join();
    actors.back()->Await(v1::LearnerMessage::kWeights);
  }
  const grpc::Status refused = raw_.Register();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            "work.max_actors is 8 and that many are connected; stop one, or start the learner with more");
  for (const auto& actor : actors) actor->Kill();
}

TEST_F(LearnerServerTest, StreamsThatDoNotSayHelloAreRefusedBeyondTheirNumber) {
  server_->Publish(1, Parameters(1));
  std::vector<std::unique_ptr<RawActor>> silent;
  v1::ActorMessage no_hello;
  no_hello.mutable_heartbeat();
  grpc::Status end;
  // Each try leaves one more stream open; who gets in without a hello is sent away for another reason.
  while (end.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED && silent.size() < 200) {
    silent.push_back(std::make_unique<RawActor>(server_->InProcessChannel(), "silent", TestBuild()));
    silent.back()->Open();
    raw_.Open();
    raw_.Send(no_hello);
    end = raw_.End();
  }
  EXPECT_EQ(end.error_message(),
            "too many streams: work.max_actors is 8, and 16 more may be about to say who they are; try later, or start "
            "the learner with more");
  // Not exactly 24: a stream that its client has seen end may still count for a moment.
  EXPECT_GT(silent.size(), 8);
  for (const auto& actor : silent) actor->Kill();
}

TEST_F(LearnerServerTest, WeightsComeInChunksWithTheirDigest) {
  const std::vector<float> parameters(700'000, 0.5f);
  server_->Publish(1, parameters);
  actor::LearnerClient client(server_->InProcessChannel());
  const auto weights = client.FetchWeights("run", 1, std::chrono::seconds(5), std::stop_token());
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ((*weights)->parameters, parameters);
  EXPECT_EQ(client.FetchWeights("run", 0, std::chrono::seconds(5), std::stop_token()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(LearnerServerTest, ASlowReaderGetsTheNewestWeightsAndNotAllOfThem) {
  const std::vector<float> parameters(1'000'000, 0.5f);
  server_->Publish(1, parameters);
  raw_.Join();
  raw_.Await(v1::LearnerMessage::kWeights);
  for (uint32_t version = 2; version <= 50; ++version) server_->Publish(version, parameters);
  int chunks = 0;
  for (uint32_t version = 0; version != 50; ++chunks)
    version = raw_.Await(v1::LearnerMessage::kWeights).weights().version();
  EXPECT_LT(chunks, 49 * 4);
}

TEST_F(LearnerServerTest, StatusNamesTheRunItsStateAndItsActors) {
  v1::Lease lease = JoinRaw();
  server_->SetProgress({.state = "collecting", .update = 0, .budget_updates = 9});
  raw_.Deliver(raw_.Play(lease.units(0), 1));
  const v1::GetStatusResponse status = Status();
  EXPECT_EQ(status.state(), "collecting");
  EXPECT_EQ(status.budget_updates(), 9u);
  ASSERT_EQ(status.actors_size(), 1);
  EXPECT_EQ(status.actors(0).actor_id(), "raw");
  EXPECT_TRUE(status.actors(0).connected());
  EXPECT_EQ(status.actors(0).units_accepted(), 1u);
  EXPECT_EQ(status.actors(0).units_leased(), 3u);
}

TEST_F(LearnerServerTest, WithoutActorsItSaysThatItWaits) {
  server_->SetProgress({.state = "collecting"});
  EXPECT_EQ(Status().state(), "waiting for actors");
}

TEST_F(LearnerServerTest, CollectEndsOnStop) {
  server_->Publish(1, Parameters(1));
  stop_.request_stop();
  EXPECT_EQ(server_->Collect(1, stop_.get_token()).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(LearnerServerTest, WhoDrainsRefusesNewActors) {
  server_->Publish(1, Parameters(1));
  server_->Drain();
  EXPECT_EQ(raw_.Register().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// It would wait for ever, or show the episodes of an earlier update.
TEST(LearnerServerBudget, NothingIsCollectedBeyondIt) {
  LearnerServer::Options options = TestOptions();
  options.config.mutable_budget()->set_updates(1);
  const auto server = *LearnerServer::Start(options);
  server->Publish(2, Parameters(2));
  EXPECT_EQ(server->Collect(2, std::stop_source().get_token()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(LearnerServerStart, APortInUseIsNamedAndMayBeTriedAgain) {
  LearnerServer::Options options = TestOptions();
  options.listen = "127.0.0.1:0";
  const auto first = *LearnerServer::Start(options);
  options.listen = first->address();
  const absl::Status status = LearnerServer::Start(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--listen=" + options.listen));
}

}  // namespace
}  // namespace nmn::service
