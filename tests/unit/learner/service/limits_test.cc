// Each limit on what one client may take from the others, over real sockets.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/net/dial.h"
#include "learner/metrics/learner_metrics.h"
#include "tests/unit/learner/metrics/samples.h"
#include "tests/unit/learner/service/learner_fixture.h"

namespace nmn::service {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(30);

// A learner with these limits, and how often each was met.
class LimitedLearner {
 public:
  explicit LimitedLearner(const Limits& limits) {
    LearnerServer::Options options = TestOptions();
    options.listen = "127.0.0.1:0";
    options.limits = limits;
    options.metrics = &metrics_;
    auto server = LearnerServer::Start(options);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Publish(1, Parameters(1));
    server_->Begin(1);
  }

  LearnerServer& server() { return *server_; }
  net::Address address() const { return *net::ParseServerAddress(server_->address(), "--learner"); }
  std::shared_ptr<grpc::Channel> Dial() const { return service::Dial(server_->address()); }
  std::unique_ptr<RawActor> Actor(const std::string& id) const {
    return std::make_unique<RawActor>(Dial(), id, TestBuild());
  }
  double Met(const std::string& limit) {
    return nmn::testing::Samples(metrics_.fleet).at("nmn_limit_reached_total{limit=\"" + limit + "\"}");
  }

 private:
  std::unique_ptr<metrics::Exporter> exporter_ = *metrics::Exporter::Start({.address = metrics::kOff});
  metrics::LearnerMetrics metrics_{*exporter_, TestOptions().config, "run"};
  std::unique_ptr<LearnerServer> server_;
};

// Opens a stream and says hello; the status that it ended with if the learner did not take it.
grpc::Status Join(RawActor& actor) {
  if (grpc::Status status = actor.Register(); !status.ok()) return status;
  actor.Open();
  actor.Hello();
  return actor.Await(v1::LearnerMessage::kWeights).has_weights() ? grpc::Status::OK : actor.End();
}

TEST(Limits, EachHasAMetricFromTheStart) {
  LimitedLearner learner({});
  for (const std::string_view limit : metrics::kLimitNames) EXPECT_EQ(learner.Met(std::string(limit)), 0) << limit;
}

TEST(Limits, StreamsOfOneAddress) {
  LimitedLearner learner({.address_streams = 2});
  const auto first = learner.Actor("a"), second = learner.Actor("b"), third = learner.Actor("c");
  EXPECT_TRUE(Join(*first).ok());
  EXPECT_TRUE(Join(*second).ok());
  const grpc::Status refused = Join(*third);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            "too many streams from 127.0.0.1: --limit_address_streams is 2; stop an actor there, or start the learner "
            "with more");
  EXPECT_EQ(learner.Met("address_streams"), 1);
  // Who is in this process has no address.
  RawActor inside(learner.server().InProcessChannel(), "inside", TestBuild());
  EXPECT_TRUE(Join(inside).ok());
  inside.Kill();
  // Once one has gone, another may come.
  first->Kill();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!Join(*third).ok()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  second->Kill();
  third->Kill();
}

TEST(Limits, RegistrationsOfOneAddress) {
  LimitedLearner learner({.address_registrations = 3});
  for (const char* id : {"a", "b", "c"}) EXPECT_TRUE(learner.Actor(id)->Register().ok());
  const grpc::Status refused = learner.Actor("d")->Register();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(),
            "127.0.0.1 registers more than 3 times a minute (--limit_address_registrations); try later, or start the "
            "learner with more");
  EXPECT_EQ(learner.Met("address_registrations"), 1);
  EXPECT_TRUE(RawActor(learner.server().InProcessChannel(), "inside", TestBuild()).Register().ok());
}

TEST(Limits, ActorsAndStreamsInAll) {
  LimitedLearner learner({.hello_streams = 1, .hello_seconds = 3});
  std::vector<std::unique_ptr<RawActor>> actors;
  for (int i = 0; i < 8; ++i) {
    actors.push_back(learner.Actor("actor-" + std::to_string(i)));
    EXPECT_TRUE(Join(*actors.back()).ok());
  }
  EXPECT_EQ(learner.Actor("more")->Register().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(learner.Met("actors"), 1);
  // One stream may be about to say hello. Of those that follow each is one too many, while that one is there.
  std::vector<std::unique_ptr<RawActor>> silent;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (learner.Met("streams") == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    silent.push_back(learner.Actor("silent-" + std::to_string(silent.size())));
    silent.back()->Open();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const bool refused = std::any_of(silent.rbegin(), silent.rend(), [](const auto& actor) {
    return actor->End().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
  });
  EXPECT_TRUE(refused);
  for (const auto& actor : silent) actor->Cancel();
  for (const auto& actor : actors) actor->Kill();
}

TEST(Limits, TimeUntilAStreamSaysHello) {
  LimitedLearner learner({.hello_seconds = 0.1});
  const auto silent = learner.Actor("silent");
  silent->Open();
  const grpc::Status ended = silent->End();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ended.error_message(), "no hello within 0.1 s");
  EXPECT_EQ(learner.Met("hello_seconds"), 1);
}

TEST(Limits, MalformedMessagesUntilQuarantine) {
  LimitedLearner learner({.strikes = 1, .quarantine_seconds = 3600});
  const auto actor = learner.Actor("a");
  ASSERT_TRUE(Join(*actor).ok());
  const v1::Lease lease = actor->Await(v1::LearnerMessage::kLease).lease();
  ASSERT_GT(lease.units_size(), 0);
  v1::Trajectory trajectory = actor->Play(lease.units(0), 1);
  trajectory.set_sha256(std::string(32, 'x'));
  EXPECT_NE(actor->Deliver(trajectory), v1::ACCEPTED);
  EXPECT_EQ(learner.Met("strikes"), 1);
  const v1::Acknowledgement refused = actor->Answer(actor->Play(lease.units(0), 1));
  EXPECT_EQ(refused.reason(), v1::QUARANTINED);
  EXPECT_EQ(refused.detail(), "in quarantine for malformed messages; wait up to 3600 s");
  actor->Kill();
}

// A client that asks for weights and does not read them.
TEST(Limits, TimeOfACallThatFetchesWeights) {
  LimitedLearner learner({.call_seconds = 0.2});
  learner.server().Publish(2, std::vector<float>(8 << 20, 0.5f));  // more than gRPC's windows
  const auto stub = v1::LearnerService::NewStub(learner.Dial());
  v1::FetchWeightsRequest request;
  request.set_run_id("run");
  request.set_generation(1);
  grpc::ClientContext context;
  const auto reader = stub->FetchWeights(&context, request);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (learner.Met("call_seconds") == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  v1::WeightsChunk chunk;
  while (reader->Read(&chunk)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
  // One that reads is served, again and again, whenever its alarm would come.
  for (int i = 0; i < 5; ++i) {
    grpc::ClientContext again;
    const auto whole = stub->FetchWeights(&again, request);
    uint64_t bytes = 0;
    while (whole->Read(&chunk)) bytes += chunk.data().size();
    if (whole->Finish().ok()) {
      EXPECT_EQ(bytes, (size_t{8} << 20) * sizeof(float));
    }
  }
}

TEST(Limits, MetadataOfACall) {
  LimitedLearner learner({.metadata_bytes = 4 << 10});
  const auto stub = v1::LearnerService::NewStub(learner.Dial());
  const auto call = [&](size_t bytes) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    context.AddMetadata("x-much", std::string(bytes, 'x'));
    v1::GetStatusResponse response;
    return stub->GetStatus(&context, {}, &response);
  };
  EXPECT_TRUE(call(2 << 10).ok());
  EXPECT_EQ(call(8 << 10).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// More calls wait until there is room.
TEST(Limits, CallsOfOneConnection) {
  LimitedLearner learner({.connection_calls = 2});
  const auto channel = learner.Dial();
  RawActor first(channel, "a", TestBuild()), second(channel, "b", TestBuild());
  ASSERT_TRUE(Join(first).ok());
  ASSERT_TRUE(second.Register().ok());
  second.Open();
  second.Hello();
  ASSERT_TRUE(second.Await(v1::LearnerMessage::kWeights).has_weights());
  const auto stub = v1::LearnerService::NewStub(channel);
  const auto ask = [&](std::chrono::milliseconds limit) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    v1::GetStatusResponse response;
    return stub->GetStatus(&context, {}, &response);
  };
  EXPECT_EQ(ask(std::chrono::milliseconds(200)).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  first.Kill();
  EXPECT_TRUE(ask(kPatience).ok());
  second.Kill();
}

TEST(Limits, TimeUntilAConnectionHasShakenHands) {
  LimitedLearner learner({.handshake_seconds = 0.1});
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto socket = net::Dial(learner.address(), deadline);
  ASSERT_TRUE(socket.ok()) << socket.status();
  char bytes[256];
  ssize_t count = 1;
  while (count > 0 && net::Await(socket->get(), POLLIN, deadline)) count = recv(socket->get(), bytes, sizeof(bytes), 0);
  EXPECT_EQ(count, 0);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
}

}  // namespace
}  // namespace nmn::service
