// The live page of nmn train and what it asks for, over HTTP. tests/browser/ has it in a browser.

#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "common/metrics/http_client.h"
#include "common/net/address.h"
#include "tests/integration/tiny_run.h"

namespace nmn {
namespace {

using nlohmann::json;
using testing::Subprocess;

constexpr std::chrono::seconds kLimit{120};
constexpr int kPollMilliseconds = 20;
constexpr char kLive[] = "look at it live: http://";

net::Address AddressOf(Subprocess& process) {
  EXPECT_TRUE(process.WaitForOutput("metrics on ")) << process.err();  // the line after it
  const std::string said = process.err();
  const size_t begin = said.find(kLive) + std::string(kLive).size();
  return *net::ParseAddress(said.substr(begin, said.find("/\n", begin) - begin), "--metrics");
}

metrics::HttpResponse Get(const net::Address& address, const std::string& path) {
  const auto answer = metrics::HttpGet(address, path, kLimit);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.value_or(metrics::HttpResponse());
}

// Asks until update `least` is there; the last answer.
json RunJson(const net::Address& address, int least) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (true) {
    const json run = json::parse(Get(address, "/api/run.json").body);
    const json& updates = run["history"]["update"];
    if (!updates.empty() && updates.back() >= least) return run;
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "update " << least << " is not there within " << kLimit.count() << " s";
      return run;
    }
    poll(nullptr, 0, kPollMilliseconds);
  }
}

// Each list of the history has the numbers of the file's lines.
void ExpectValuesOfMetrics(const json& run, const std::string& directory) {
  std::map<int, json> lines;
  for (const json& line : testing::ReadMetrics(directory)) lines[line["update"]] = line;
  const json& history = run["history"];
  for (const auto& [field, values] : history.items()) {
    if (field == "stride") continue;
    ASSERT_EQ(values.size(), history["update"].size()) << field;
    for (size_t i = 0; i < values.size(); ++i) {
      const json& line = lines[history["update"][i]];
      EXPECT_EQ(values[i], line.contains(field) ? line[field] : json())
          << field << " of update " << history["update"][i];
    }
  }
  for (const json& moment : run["adaptation"]) EXPECT_EQ(moment["steps"], lines[moment["update"]]["adaptation"]);
  for (size_t i = 0; i < run["evaluations"]["update"].size(); ++i) {
    const json& evaluation = lines[run["evaluations"]["update"][i]]["evaluation"];
    for (const char* field : {"return_mean", "return_sem", "discounted_mean", "discounted_sem"})
      EXPECT_EQ(run["evaluations"][field][i], evaluation[field]) << field;
  }
}

class LivePage : public ::testing::Test {
 protected:
  std::vector<std::string> Train(std::vector<std::string> more = {}) {
    for (const char* flag : {"--actors=2", "--set", "eval.every_updates=2", "--set", "eval.episodes=3"})
      more.push_back(flag);
    return testing::TinyTrain(run_, 1'000'000, more);
  }
  testing::TemporaryDirectory folder_;
  const std::string run_ = folder_.path() + "/my-run";
};

TEST_F(LivePage, IsTheFirstThingThatTrainSays) {
  Subprocess train(Train());
  AddressOf(train);
  EXPECT_THAT(train.err(), ::testing::StartsWith(kLive));
}

TEST_F(LivePage, IsServedWithItsHeaders) {
  Subprocess train(Train());
  const metrics::HttpResponse page = Get(AddressOf(train), "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, ::testing::StartsWith("<!doctype html>"));
  EXPECT_LT(page.body.size(), 200 << 10);
  EXPECT_THAT(page.headers, ::testing::IsSupersetOf({std::pair("Cache-Control", "no-store"),
                                                     std::pair("X-Content-Type-Options", "nosniff")}));
  EXPECT_THAT(page.headers, ::testing::Contains(::testing::Pair("Content-Security-Policy",
                                                                ::testing::StartsWith("default-src 'none'; "))));
  // What was there before is as it was, but for the name of the server, which --health looks for.
  EXPECT_EQ(Get(AddressOf(train), "/metrics").headers.size(), 3);
  const metrics::HttpResponse health = Get(AddressOf(train), "/healthz");
  EXPECT_EQ(health.headers.size(), 4);
  EXPECT_THAT(health.headers, ::testing::Contains(std::pair("Server", "nmn")));
}

TEST_F(LivePage, ItsDataAreThoseOfMetricsJsonl) {
  Subprocess train(Train());
  const json run = RunJson(AddressOf(train), 7);
  train.Signal(SIGTERM);  // no line is being written while it is read
  EXPECT_EQ(train.Wait(), 75);
  ExpectValuesOfMetrics(run, run_);
  EXPECT_GE(run["evaluations"]["update"].size(), 3);
  EXPECT_EQ(run["run"]["name"], "my-run");
  EXPECT_EQ(run["budget_updates"], 1'000'000);
  EXPECT_EQ(run["fleet"]["connected"], 2);
  EXPECT_EQ(run["optimum"], nullptr);  // the episodes are cut short
  EXPECT_GT(run["time"]["process"]["loop"]["update"], 0);
  EXPECT_THAT(run["bottleneck"].get<std::string>(), ::testing::HasSubstr(" % of the time"));
}

TEST_F(LivePage, ALearnerThatWasStartedAgainShowsTheWholeRun) {
  Subprocess train(Train());
  RunJson(AddressOf(train), 8);
  train.Signal(SIGKILL);
  train.Wait();
  Subprocess again({testing::Binary("nmn"), "train", "--resume", "--run_dir=" + run_, "--no_figure"});
  const json run = RunJson(AddressOf(again), 12);
  again.Signal(SIGTERM);
  EXPECT_EQ(again.Wait(), 75);
  EXPECT_EQ(run["run"]["generation"], 2);
  const json& updates = run["history"]["update"];
  for (size_t i = 0; i < updates.size(); ++i) EXPECT_EQ(updates[i], i + 1);
  ExpectValuesOfMetrics(run, run_);
}

}  // namespace
}  // namespace nmn
