// What nmn-learner and nmn-actor serve on their --metrics, and what --health says.

#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/metrics/http_client.h"
#include "common/net/address.h"
#include "tests/integration/tiny_run.h"
#include "tests/support/subprocess.h"
#include "tests/unit/learner/metrics/samples.h"

namespace nmn {
namespace {

using testing::Binary;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunProcess;
using testing::Subprocess;
using Values = std::map<std::string, double>;

constexpr std::chrono::seconds kLimit{60};
constexpr int kPollMilliseconds = 20;

// The word behind `key` in what the process has said.
std::string Said(Subprocess& process, const std::string& key) {
  if (!process.WaitForOutput(key)) {
    ADD_FAILURE() << "no \"" << key << "\" in: " << process.err();
    return "";
  }
  const std::string text = process.err();
  const size_t begin = text.find(key) + key.size();
  return text.substr(begin, text.find_first_of("/\" \n,", begin) - begin);
}

std::string MetricsAddress(Subprocess& process) { return Said(process, "metrics on http://"); }

std::string Scrape(const std::string& address) {
  const auto parsed = net::ParseAddress(address, "--metrics");
  const auto answer = metrics::HttpGet(*parsed, "/metrics", kLimit);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? answer->body : "";
}

// Scrapes until `there`; the last values.
Values ScrapeUntil(const std::string& address, const std::function<bool(const Values&)>& there) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (true) {
    const Values values = testing::Samples(Scrape(address));
    if (there(values)) return values;
    if (std::chrono::steady_clock::now() > deadline || values.empty()) {
      ADD_FAILURE() << "not there within " << kLimit.count() << " s";
      return values;
    }
    poll(nullptr, 0, kPollMilliseconds);
  }
}

bool IsCounter(const std::string& series) {
  const std::string name = series.substr(0, series.find('{'));
  return name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_bucket");
}

// A learner with a run that does not end by itself, and one actor.
class MetricsOfProcesses : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> print = {Binary("nmn"), "train", "--print_config"};
    for (const std::string& flag : testing::TinyFlags(1'000'000)) print.push_back(flag);
    testing::WriteFile(folder_.path() + "/run.textproto", RunProcess(print).out);
    learner_ = std::make_unique<Subprocess>(
        std::vector<std::string>{Binary("nmn-learner"), "--config=" + folder_.path() + "/run.textproto",
                                 "--listen=127.0.0.1:0", "--run_dir=" + folder_.path() + "/my-run"});
    learner_metrics_ = MetricsAddress(*learner_);
    learner_address_ = Said(*learner_, "serving on ");
  }
  void StartActor() {
    actor_ = std::make_unique<Subprocess>(
        std::vector<std::string>{Binary("nmn-actor"), "--learner=" + learner_address_, "--actor_id=name-of-the-actor"});
    actor_metrics_ = MetricsAddress(*actor_);
  }

  testing::TemporaryDirectory folder_;
  std::unique_ptr<Subprocess> learner_;
  std::string learner_address_;
  std::string learner_metrics_;
  std::unique_ptr<Subprocess> actor_;
  std::string actor_metrics_;
};

TEST_F(MetricsOfProcesses, GoUpWhileTheyTrain) {
  Values before = testing::Samples(Scrape(learner_metrics_));
  EXPECT_EQ(before.at("nmn_actors_connected"), 0);
  EXPECT_EQ(before.at("nmn_updates_total"), 0);
  EXPECT_EQ(before.at("nmn_checkpoint_saves_total"), 1);
  EXPECT_EQ(before.at("nmn_weights_version"), 1);
  StartActor();
  const Values after = ScrapeUntil(learner_metrics_, [](const Values& v) { return v.at("nmn_updates_total") > 3; });
  for (const auto& [series, value] : before) {
    if (IsCounter(series)) {
      EXPECT_LE(value, after.at(series)) << series;
    }
  }
  EXPECT_EQ(after.at("nmn_actors_connected"), 1);
  EXPECT_EQ(after.at("nmn_serving"), 1);
  EXPECT_EQ(after.at("nmn_episodes_total"), 20 * after.at("nmn_updates_total"));
  EXPECT_GE(after.at("nmn_trajectories_total{verdict=\"accepted\"}"), 20);
  EXPECT_EQ(after.at("nmn_trajectories_total{verdict=\"malformed\"}"), 0);
  EXPECT_GT(after.at("nmn_trajectory_bytes_total"), 0);
  EXPECT_GT(after.at("nmn_leases_granted_total"), 0);
  EXPECT_GT(after.at("nmn_phase_seconds_total{phase=\"update\"}"), 0);
  EXPECT_GT(after.at("nmn_weights_bytes"), 0);
  EXPECT_GE(after.at("nmn_checkpoint_last_update"), 3);
  EXPECT_EQ(after.at("nmn_grpc_server_handled_total{code=\"OK\",method=\"Register\"}"), 1);
  EXPECT_EQ(after.at("nmn_grpc_server_handling_seconds_count{method=\"Register\"}"), 1);
  EXPECT_FALSE(after.contains("nmn_discounted_return_optimum"));  // the episodes are cut short

  const Values actor = ScrapeUntil(actor_metrics_, [](const Values& v) {
    return v.at("nmn_actor_acknowledgements_total{verdict=\"accepted\"}") > 0;
  });
  EXPECT_EQ(actor.at("nmn_actor_connected"), 1);
  EXPECT_GT(actor.at("nmn_actor_environment_steps_total"), 0);
  EXPECT_GT(actor.at("nmn_actor_busy_seconds_total"), 0);
  EXPECT_GT(actor.at("nmn_actor_trajectory_bytes_sent_total"), 0);
  EXPECT_GE(actor.at("nmn_actor_policy_version"), 1);
  EXPECT_EQ(actor.at("nmn_actor_reconnects_total"), 0);

  actor_->Signal(SIGTERM);
  EXPECT_EQ(actor_->Wait(), 0);
  const Values alone = ScrapeUntil(learner_metrics_, [](const Values& v) { return v.at("nmn_actors_connected") == 0; });
  EXPECT_EQ(alone.at("nmn_grpc_server_handled_total{code=\"OK\",method=\"Exchange\"}"), 1);
  // One that is gone has no rate.
  EXPECT_THAT(RunProcess({Binary("nmn"), "status", learner_address_}).out,
              ::testing::ContainsRegex("name-of-the-actor +no +- +- "));
  EXPECT_TRUE(learner_->WaitForOutput("actor name-of-the-actor is gone")) << learner_->err();
  learner_->Signal(SIGTERM);
  EXPECT_EQ(learner_->Wait(), 75) << learner_->err();
}

TEST_F(MetricsOfProcesses, ObeyPrometheusRules) {
  if (access("/usr/bin/promtool", X_OK) != 0) {
    GTEST_SKIP() << "NOT RUN: there is no promtool; install the packages of deploy/debian-test-packages.txt";
  }
  StartActor();
  ScrapeUntil(learner_metrics_, [](const Values& v) { return v.at("nmn_updates_total") > 1; });
  for (const std::string& address : {learner_metrics_, actor_metrics_}) {
    const std::string text = Scrape(address);
    const std::string file = folder_.path() + "/metrics.txt";
    testing::WriteFile(file, text);
    const auto outcome = RunProcess({"/bin/sh", "-c", "promtool check metrics < " + file});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_EQ(outcome.out + outcome.err, "");
    EXPECT_THAT(text, Not(HasSubstr("name-of-the-actor")));
  }
  EXPECT_THAT(Scrape(learner_metrics_), HasSubstr("run=\"my-run\""));
}

TEST_F(MetricsOfProcesses, HealthOfTheLearnerIsItsService) {
  const auto healthy = RunProcess({Binary("nmn-learner"), "--health", "--listen=" + learner_address_});
  EXPECT_EQ(healthy.code, 0) << healthy.err;
  EXPECT_EQ(healthy.out, "SERVING\n");
  learner_->Signal(SIGTERM);
  learner_->Wait();
  EXPECT_EQ(RunProcess({Binary("nmn-learner"), "--health", "--listen=" + learner_address_}).code, 1);
}

TEST_F(MetricsOfProcesses, StatusKnowsTheBudgetBeforeTheFirstUpdate) {
  EXPECT_THAT(RunProcess({Binary("nmn"), "status", learner_address_}).out,
              HasSubstr("update 0 of 1000000\nreturn      none before the first update\n"));
}

// The first update of a learner takes a minute, and may take a quarter of a second.
TEST_F(MetricsOfProcesses, AStuckRunIsNotWellAndOneThatWaitsForActorsIs) {
  learner_ = std::make_unique<Subprocess>(
      std::vector<std::string>{Binary("nmn-learner"), "--config=" + folder_.path() + "/run.textproto",
                               "--listen=127.0.0.1:0", "--run_dir=" + folder_.path() + "/stuck", "--stuck_after=0.25"},
      std::vector<std::string>{"NMN_FAILPOINTS=run.update.begin=hit:1:delay:60000"});
  learner_metrics_ = MetricsAddress(*learner_);
  learner_address_ = Said(*learner_, "serving on ");
  const auto http = [&] {
    return *metrics::HttpGet(*net::ParseAddress(learner_metrics_, "--metrics"), "/healthz", kLimit);
  };
  const auto grpc = [&] { return RunProcess({Binary("nmn-learner"), "--health", "--listen=" + learner_address_}); };
  EXPECT_EQ(http().status, 200) << http().body;
  EXPECT_EQ(grpc().code, 0) << grpc().err;
  StartActor();
  ScrapeUntil(learner_metrics_, [](const Values& v) { return v.at("nmn_serving") == 0; });
  EXPECT_EQ(http().status, 503);
  EXPECT_THAT(http().body, HasSubstr("the run is stuck"));
  EXPECT_EQ(grpc().code, 1);
  EXPECT_THAT(learner_->err(), HasSubstr("--stuck_after"));
}

TEST(MetricsFlag, AnActorThatWaitsForItsLearnerIsWell) {
  Subprocess actor({Binary("nmn-actor"), "--learner=127.0.0.1:1"});
  const std::string address = MetricsAddress(actor);
  const auto health = [&address] { return RunProcess({Binary("nmn-actor"), "--health", "--metrics=" + address}); };
  ASSERT_TRUE(actor.WaitForOutput("waiting for the learner"));
  EXPECT_EQ(health().code, 0) << health().err;
  EXPECT_EQ(testing::Samples(Scrape(address)).at("nmn_actor_connected"), 0);
  actor.Signal(SIGSTOP);
  const auto stopped = health();
  EXPECT_EQ(stopped.code, 1);
  EXPECT_THAT(stopped.err, HasSubstr("no answer in time"));
}

TEST(MetricsFlag, APortInUseIsAnErrorThatNamesIt) {
  Subprocess first({Binary("nmn-actor"), "--learner=127.0.0.1:1"});
  const auto second = RunProcess({Binary("nmn-actor"), "--learner=127.0.0.1:1", "--metrics=" + MetricsAddress(first)});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("--metrics=127.0.0.1:"));
}

TEST(MetricsFlag, TrainWithoutItTakesAFreePortWhereTheDefaultIsInUse) {
  // Where somebody else holds it already, that is as good.
  const auto taken = net::Listen({"127.0.0.1", 9464}, "--metrics");
  const testing::TemporaryDirectory folder;
  const auto outcome = RunProcess(testing::TinyTrain(folder.path(), 1), std::chrono::seconds(120), {"NMN_METRICS="});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("metrics on http://127.0.0.1:"));
  EXPECT_THAT(outcome.err, Not(HasSubstr(":9464/")));
  if (taken.ok()) close(taken->fd);
}

TEST(MetricsFlag, OffServesNothing) {
  const testing::TemporaryDirectory folder;
  const auto outcome = RunProcess(testing::TinyTrain(folder.path(), 1, {"--metrics=off"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("metrics on")));
}

TEST(MetricsFlag, WhatIsNoAddressIsRefused) {
  const testing::TemporaryDirectory folder;
  const auto outcome = RunProcess(testing::TinyTrain(folder.path(), 1, {"--metrics=on"}));
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("\"off\""));
}

}  // namespace
}  // namespace nmn
