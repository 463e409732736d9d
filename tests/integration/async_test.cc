// Mode ASYNC: another history each time, and every promise but that of equal bits.

#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/tiny_run.h"
#include "tests/support/history.h"

namespace nmn::testing {
namespace {

using ::testing::ElementsAre;

constexpr int kUpdates = 7;
constexpr uint32_t kEpisodes = 20;  // TinyFlags

std::vector<std::string> AsyncTrain(const std::string& directory) {
  return TinyTrain(
      directory, kUpdates,
      {"--actors=2", "--event_log", "--set", "mode=ASYNC", "--set", "async.max_lag=2", "--set", "async.v_trace=true"});
}

void ExpectWholeRun(const std::string& run) {
  EXPECT_TRUE(ReadSummary(run)["complete"].get<bool>());
  EXPECT_THAT(UpdatesInMetrics(run), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  const std::string episodes = ReadFile(run + "/episodes.csv");
  EXPECT_EQ(std::count(episodes.begin(), episodes.end(), '\n'), 1 + kEpisodes * kUpdates);
  const History history = ReadHistory(ReadFile(run + "/events.jsonl"), kEpisodes);
  EXPECT_THAT(history.violations, ElementsAre());
  EXPECT_EQ(history.updates, static_cast<uint64_t>(kUpdates));
  for (const nlohmann::json& metrics : ReadMetrics(run)) {
    EXPECT_LE(metrics["policy_lag_max"], 2);
    EXPECT_LE(metrics["policy_lag_mean"], metrics["policy_lag_max"]);
  }
}

TEST(Async, ActorsRunAheadWithinTheBound) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  const Outcome outcome = RunProcess(AsyncTrain(run));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  ExpectWholeRun(run);
  // Actors that have nothing else to do play the next update while the first is learnt.
  const std::string metrics = ReadFile(run + "/metrics.jsonl");
  EXPECT_THAT(metrics, ::testing::ContainsRegex("\"policy_lag_max\":[12]"));
}

TEST(Async, AStoppedRunIsResumedWithoutARowTwice) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Subprocess first(AsyncTrain(run));
  ASSERT_TRUE(WaitForUpdate(first, run, 2)) << first.err();
  first.Signal(SIGTERM);
  const int code = first.Wait(std::chrono::seconds(60));
  if (code == 0) GTEST_SKIP() << "the run was complete before the signal reached it";
  EXPECT_EQ(code, 75) << first.err();
  const Outcome second =
      RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure", "--event_log"});
  EXPECT_EQ(second.code, 0) << second.err;
  ExpectWholeRun(run);
}

TEST(Async, AKilledRunIsResumedWithoutARowTwice) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Subprocess first(AsyncTrain(run));
  ASSERT_TRUE(WaitForUpdate(first, run, 5)) << first.err();
  first.Signal(SIGKILL);
  first.Wait();
  const Outcome second =
      RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure", "--event_log"});
  EXPECT_EQ(second.code, 0) << second.err;
  ExpectWholeRun(run);
}

}  // namespace
}  // namespace nmn::testing
