// ActorSession against LearnerServer, with fake rollouts: in-process and over TCP.

#include <gmock/gmock.h>

#include "common/net/health.h"
#include "tests/unit/learner/service/learner_fixture.h"

namespace nmn::service {
namespace {

class SessionTest : public testing::TestWithParam<bool> {
 protected:
  void Start(LearnerServer::Options options = TestOptions()) {
    tcp_ = GetParam();
    if (tcp_ && options.listen.empty()) options.listen = "127.0.0.1:0";
    auto server = LearnerServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::shared_ptr<grpc::Channel> Channel() { return tcp_ ? Dial(server_->address()) : server_->InProcessChannel(); }

  void CollectAndCheck(uint32_t update) {
    server_->Publish(update, Parameters(update));
    const auto batch = server_->Collect(update, std::stop_token());
    ASSERT_TRUE(batch.ok()) << batch.status();
    ExpectWholeBatch(*batch, update);
  }

  bool tcp_ = false;
  std::unique_ptr<LearnerServer> server_;
};

INSTANTIATE_TEST_SUITE_P(Channels, SessionTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tcp" : "InProcess"; });

TEST_P(SessionTest, OneActorPlaysEveryEpisode) {
  Start();
  SessionThread a(Channel(), "a");
  for (uint32_t update = 1; update <= 3; ++update) CollectAndCheck(update);
}

TEST_P(SessionTest, ManyActorsFillTheBatchInEpisodeOrder) {
  Start();
  std::vector<std::unique_ptr<SessionThread>> actors;
  for (int i = 0; i < 5; ++i) actors.push_back(std::make_unique<SessionThread>(Channel(), "a" + std::to_string(i)));
  for (uint32_t update = 1; update <= 20; ++update) CollectAndCheck(update);
}

TEST_P(SessionTest, AnActorWithFewLanesPlaysInSmallBatches) {
  Start();
  SessionThread a(Channel(), "a", nullptr, TestBuild(), std::chrono::seconds(30), 4);
  CollectAndCheck(1);
}

TEST_P(SessionTest, CompleteEndsEveryActorWithZero) {
  Start();
  SessionThread a(Channel(), "a");
  SessionThread b(Channel(), "b");
  CollectAndCheck(1);
  server_->Complete();
  EXPECT_EQ(a.Wait(), kExitDone);
  EXPECT_EQ(b.Wait(), kExitDone);
}

TEST_P(SessionTest, AnActorThatDoesNotOutliveItsLearnerEndsWhenThatDrains) {
  Start();
  server_->Publish(1, Parameters(1));
  actor::ActorSession::Options options;
  options.actor_id = "a";
  options.learner = "this process";
  options.build = TestBuild();
  options.outlives_learner = false;
  options.engine = [](const v1::RunConfig& config, size_t) { return std::make_unique<actor::FakeEngine>(config); };
  actor::ActorSession session(Channel(), options);
  auto code = std::async(std::launch::async, [&] { return session.Run(std::stop_token()); });
  ASSERT_TRUE(server_->Collect(1, std::stop_token()).ok());
  server_->Drain();
  EXPECT_EQ(code.get(), kExitDone);
}

TEST_P(SessionTest, CompleteEndsAnActorInTheMiddleOfARollout) {
  Start();
  const auto gate = std::make_shared<actor::Gate>();
  SessionThread a(Channel(), "a", gate);
  server_->Publish(1, Parameters(1));
  std::stop_source stop;
  std::thread collector(
      [&] { EXPECT_EQ(server_->Collect(1, stop.get_token()).status().code(), absl::StatusCode::kCancelled); });
  gate->WaitUntilSomebodyIsThere();
  stop.request_stop();
  collector.join();
  server_->Complete();
  EXPECT_EQ(a.Wait(), kExitDone);
}

TEST_P(SessionTest, AStoppedActorLeavesWithZeroAndItsUnitsGoToAnother) {
  Start();
  const auto gate = std::make_shared<actor::Gate>();
  SessionThread slow(Channel(), "slow", gate);
  server_->Publish(1, Parameters(1));
  std::thread collector([&] { CollectAndCheck(1); });
  gate->WaitUntilSomebodyIsThere();
  slow.Stop();
  EXPECT_EQ(slow.Wait(), kExitDone);
  SessionThread other(Channel(), "other");
  collector.join();
}

TEST_P(SessionTest, AnotherTakesTheUnitsOfAnActorThatIsKilled) {
  Start();
  server_->Publish(1, Parameters(1));
  std::thread collector([&] { CollectAndCheck(1); });
  RawActor victim(Channel(), "victim", TestBuild());
  victim.Join();
  const v1::Lease lease = victim.Await(v1::LearnerMessage::kLease).lease();
  ASSERT_GT(lease.units_size(), 0);
  EXPECT_EQ(victim.Deliver(victim.Play(lease.units(0), 1)), v1::ACCEPTED);
  victim.Kill();
  SessionThread other(Channel(), "other");
  collector.join();
}

TEST_P(SessionTest, AnActorThatHoldsALeaseTooLongIsNotWaitedFor) {
  LearnerServer::Options options = TestOptions();
  options.config.mutable_work()->set_lease_seconds(0.4);
  Start(options);
  const auto gate = std::make_shared<actor::Gate>();
  SessionThread stuck(Channel(), "stuck", gate);
  std::thread collector([&] { CollectAndCheck(1); });
  gate->WaitUntilSomebodyIsThere();
  SessionThread other(Channel(), "other");
  collector.join();
  gate->Open();
}

TEST_P(SessionTest, AnActorOfAnotherBuildIsRefusedForGood) {
  Start();
  server_->Publish(1, Parameters(1));
  v1::BuildInfo other = TestBuild();
  other.set_rounding_class("sse2");
  EXPECT_EQ(SessionThread(Channel(), "a", nullptr, other).Wait(), kExitPermanent);
  other = TestBuild();
  other.set_protocol(2);
  EXPECT_EQ(SessionThread(Channel(), "b", nullptr, other).Wait(), kExitPermanent);
}

TEST_P(SessionTest, AMixedFleetWorksWhereItIsAllowed) {
  LearnerServer::Options options = TestOptions();
  options.allow_mixed = true;
  Start(options);
  v1::BuildInfo other = TestBuild();
  other.set_rounding_class("sse2");
  SessionThread a(Channel(), "a", nullptr, other);
  CollectAndCheck(1);
}

TEST_P(SessionTest, HealthTellsTheTruth) {
  Start();
  const auto health = [&] { return net::CheckHealth(Channel(), std::chrono::seconds(5)); };
  EXPECT_EQ(health().message(), "NOT_SERVING");
  server_->Publish(1, Parameters(1));
  EXPECT_TRUE(health().ok()) << health();
  server_->SetStuck(true);
  EXPECT_EQ(health().message(), "NOT_SERVING");
  EXPECT_FALSE(server_->serving());
  server_->SetStuck(false);
  EXPECT_TRUE(health().ok()) << health();
  server_->Drain();
  EXPECT_EQ(health().message(), "NOT_SERVING");
}

class RestartTest : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Ends, RestartTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Drained" : "Abrupt"; });

TEST_P(RestartTest, AnActorRegistersWithTheNextGenerationAndGoesOn) {
  LearnerServer::Options options = TestOptions();
  options.listen = "127.0.0.1:0";
  auto first = *LearnerServer::Start(options);
  options.listen = first->address();
  options.generation = 2;
  SessionThread a(Dial(first->address()), "a");
  first->Publish(1, Parameters(1));
  ASSERT_TRUE(first->Collect(1, std::stop_token()).ok());
  if (GetParam()) first->Drain();
  first.reset();
  auto second = LearnerServer::Start(options);
  ASSERT_TRUE(second.ok()) << second.status();
  (*second)->Publish(2, Parameters(2));
  const auto batch = (*second)->Collect(2, std::stop_token());
  ASSERT_TRUE(batch.ok());
  ExpectWholeBatch(*batch, 2);
  (*second)->Complete();
  EXPECT_EQ(a.Wait(), kExitDone);
}

TEST(AbsentLearner, AnActorGivesUpAfterItsTimeoutWithOne) {
  SessionThread a(Dial("127.0.0.1:1"), "a", nullptr, TestBuild(), std::chrono::milliseconds(300));
  EXPECT_EQ(a.Wait(), kExitRetry);
}

TEST(AbsentLearner, AnActorThatWaitsStopsWithZero) {
  SessionThread a(Dial("127.0.0.1:1"), "a");
  a.Stop();
  EXPECT_EQ(a.Wait(), kExitDone);
}

TEST(AbsentLearner, AnActorWaitsForALearnerThatComesLater) {
  LearnerServer::Options options = TestOptions();
  options.listen = "127.0.0.1:0";
  options.listen = (*LearnerServer::Start(options))->address();
  SessionThread a(Dial(options.listen), "a");
  auto server = *LearnerServer::Start(options);
  server->Publish(1, Parameters(1));
  EXPECT_TRUE(server->Collect(1, std::stop_token()).ok());
}

}  // namespace
}  // namespace nmn::service
