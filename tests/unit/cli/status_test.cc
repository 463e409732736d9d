#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "common/metrics/exporter.h"
#include "nmn/v1/learner.grpc.pb.h"
#include "tests/support/subprocess.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// A learner that does nothing but answer.
class AnsweringLearner : public v1::LearnerService::Service {
 public:
  AnsweringLearner() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*, v1::GetStatusResponse* response) override {
    response->set_run_id("a-run");
    response->set_generation(3);
    response->set_state("updating");
    response->set_update(12);
    response->set_budget_updates(400);
    response->set_return_mean(123.5);
    response->set_seconds_left(3725);
    (*response->mutable_rejects())["DUPLICATE"] = 4;
    v1::ActorStatus* actor = response->add_actors();
    actor->set_actor_id("node7");
    actor->set_connected(true);
    actor->set_episodes_per_second(41.25);
    actor->set_steps_per_second(56000);
    actor->set_policy_version(11);
    actor->set_policy_lag(2);
    actor->set_last_error("none yet");
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(NmnStatus, ShowsTheRunAndItsActors) {
  AnsweringLearner learner;
  const Outcome outcome = RunProcess({Binary("nmn"), "status", learner.address()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("a-run, generation 3"));
  EXPECT_THAT(outcome.out, HasSubstr("updating, update 12 of 400, 1 h 02 min left"));
  EXPECT_THAT(outcome.out, HasSubstr("4 DUPLICATE (they came twice and count once; nothing is lost)"));
  EXPECT_THAT(outcome.out, ContainsRegex("node7 +yes +41.2 +56000 +11 +2 .*none yet"));
}

TEST(NmnStatus, APlaceThatIsNoLearnerSaysWhatItIs) {
  const testing::TemporaryDirectory folder;
  const Outcome directory = RunProcess({Binary("nmn"), "status", folder.path()});
  EXPECT_EQ(directory.code, 42);
  EXPECT_THAT(directory.err, HasSubstr("is a directory; name the learner's address, that of --listen"));
  const auto exporter = metrics::Exporter::Start({.address = "127.0.0.1:0"});
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  const std::string page = (*exporter)->page_url();  // http://127.0.0.1:9464/
  const std::string address = page.substr(7, page.size() - 8);
  const Outcome http = RunProcess({Binary("nmn"), "status", address});
  EXPECT_EQ(http.code, 42);
  EXPECT_THAT(http.err, HasSubstr(address + " speaks HTTP, as the address of --metrics does; name that of --listen"));
}

TEST(NmnStatus, JsonHoldsFieldsThatAreZeroToo) {
  AnsweringLearner learner;
  const Outcome outcome = RunProcess({Binary("nmn"), "status", learner.address(), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json.at("update"), 12);
  EXPECT_EQ(json.at("discounted_return_mean"), 0);
  EXPECT_EQ(json.at("actors").at(0).at("actor_id"), "node7");
}

}  // namespace
}  // namespace nmn::cli
