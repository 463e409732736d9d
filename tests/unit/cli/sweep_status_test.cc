#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/sweep/metrics_targets.h"
#include "cli/sweep/progress.h"
#include "cli/sweep/run_state.h"
#include "cli/sweep/status_table.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/fs/directory_lock.h"
#include "tests/support/subprocess.h"

namespace nmn::sweep {
namespace {

using ::nmn::testing::ReadFile;
using ::nmn::testing::TemporaryDirectory;
using ::nmn::testing::WriteFile;
using ::testing::HasSubstr;

// A sweep of three runs of 10 updates; the tests write what its runs would.
class SweepStatus : public ::testing::Test {
 protected:
  SweepStatus() {
    GridRequest grid;
    grid.benchmarks = {"b1"};
    grid.seeds = "1-3";
    grid.updates = 10;
    sweep = Open(folder.path(), grid, {})->sweep;
    EXPECT_TRUE(Save(sweep).ok());
  }
  std::string Path(int run) {
    const std::string path = sweep.RunPath(sweep.runs[static_cast<size_t>(run)]);
    std::filesystem::create_directories(path);
    return path;
  }
  void WriteUpdates(int run, int updates, const std::string& more = "") {
    std::string lines;
    for (int update = 1; update <= updates; ++update)
      lines += "{\"update\":" + std::to_string(update) + ",\"wall_seconds\":" + std::to_string(2 * update) +
               ",\"discounted_last_1000\":" + std::to_string(100 * update) + "}\n";
    WriteFile(Path(run) + "/metrics.jsonl", lines + more);
  }
  RunState StateOf(int run) { return ReadStates(sweep)[static_cast<size_t>(run)]; }

  TemporaryDirectory folder;
  SweepDirectory sweep;
};

TEST_F(SweepStatus, ARunThatNobodyStartedWaits) {
  const RunState state = StateOf(0);
  EXPECT_EQ(state.state, State::kWaiting);
  EXPECT_EQ(state.budget_updates, 10u);
  EXPECT_EQ(state.fraction(), 0);
}

TEST_F(SweepStatus, ACutRunIsAsFarAsItsLastWholeLine) {
  WriteUpdates(0, 4, "{\"update\":5,\"wall_se");
  const RunState state = StateOf(0);
  EXPECT_EQ(state.state, State::kInterrupted);
  EXPECT_EQ(state.update, 4u);
  EXPECT_EQ(state.discounted_return, 400);
}

TEST_F(SweepStatus, ARunWhoseDirectoryIsLockedRuns) {
  WriteUpdates(0, 4);
  const auto lock = fs::DirectoryLock::Acquire(Path(0), "learner");
  ASSERT_TRUE(lock.ok());
  const RunState state = ReadStates(sweep)[0];
  EXPECT_EQ(state.state, State::kRunning);
  EXPECT_EQ(state.seconds_left, 12);  // 2 s an update, 6 to go
}

// As in a container: /proc/locks names the layer in which the file lies, and stat() what it is seen through.
TEST_F(SweepStatus, ARunIsSeenToRunWhereFilesLieInLayers) {
  const std::string base = folder.path() + "/layers", seen = folder.path() + "/seen";
  for (const std::string& path : {base, seen}) std::filesystem::create_directories(path);
  if (mount("tmpfs", base.c_str(), "tmpfs", 0, nullptr) != 0) GTEST_SKIP() << "NO MOUNTS: only root may";
  for (const char* layer : {"/lower", "/upper", "/work"}) std::filesystem::create_directories(base + layer);
  const std::string options = "lowerdir=" + base + "/lower,upperdir=" + base + "/upper,workdir=" + base + "/work";
  const bool mounted = mount("overlay", seen.c_str(), "overlay", 0, options.c_str()) == 0;
  if (mounted) {
    GridRequest grid;
    grid.benchmarks = {"b1"};
    grid.seeds = "1";
    grid.updates = 10;
    sweep = Open(seen, grid, {})->sweep;
    WriteUpdates(0, 4);
    EXPECT_EQ(StateOf(0).state, State::kInterrupted);
    const auto lock = fs::DirectoryLock::Acquire(Path(0), "learner");
    EXPECT_TRUE(lock.ok());
    EXPECT_EQ(StateOf(0).state, State::kRunning);
  }
  umount2(seen.c_str(), MNT_DETACH);
  umount2(base.c_str(), MNT_DETACH);
  if (!mounted) GTEST_SKIP() << "NO OVERLAY FILE SYSTEM on this machine";
}

TEST_F(SweepStatus, ACompleteSummaryIsDone) {
  WriteUpdates(0, 10);
  WriteFile(Path(0) + "/summary.json", "{\"complete\": true, \"updates\": 10, \"weights_sha256\": \"ab\"}");
  WriteFile(sweep.ExitPath(sweep.runs[0]), "42\n");
  EXPECT_EQ(StateOf(0).state, State::kDone);
  EXPECT_EQ(StateOf(0).weights_sha256, "ab");
}

TEST_F(SweepStatus, ACompleteRunOfAnotherConfigIsNotDone) {
  WriteUpdates(0, 10);
  const auto summary = [](const std::string& hash) {
    return "{\"complete\": true, \"updates\": 10, \"config_hash\": \"" + hash + "\"}";
  };
  WriteFile(Path(0) + "/summary.json", summary(Hex(config::Hash(sweep.runs[1].config))));
  EXPECT_EQ(StateOf(0).state, State::kInterrupted);
  WriteFile(Path(0) + "/summary.json", summary(Hex(config::Hash(sweep.runs[0].config))));
  EXPECT_EQ(StateOf(0).state, State::kDone);
}

TEST_F(SweepStatus, ARunWhoseEndWasNotSavedIsNotDone) {
  WriteUpdates(0, 10);
  WriteFile(Path(0) + "/summary.json", R"({"complete": true, "updates": 10, "checkpoint_update": 4})");
  EXPECT_EQ(StateOf(0).state, State::kInterrupted);
  WriteFile(Path(0) + "/summary.json", R"({"complete": true, "updates": 10, "checkpoint_update": 10})");
  EXPECT_EQ(StateOf(0).state, State::kDone);
}

TEST_F(SweepStatus, APipeInThePlaceOfAFileSaysNothing) {
  for (const char* name : {"/summary.json", "/metrics.jsonl"}) ASSERT_EQ(mkfifo((Path(0) + name).c_str(), 0600), 0);
  EXPECT_EQ(StateOf(0).state, State::kWaiting);
}

TEST_F(SweepStatus, ExitCode42IsFailedAndOtherCodesAreNot) {
  WriteUpdates(0, 4);
  WriteFile(sweep.ExitPath(sweep.runs[0]), "42\n");
  EXPECT_EQ(StateOf(0).state, State::kFailed);
  WriteFile(sweep.ExitPath(sweep.runs[0]), "75\n");
  EXPECT_EQ(StateOf(0).state, State::kInterrupted);
}

TEST_F(SweepStatus, FilesOfOtherContentSayNothing) {
  WriteFile(Path(0) + "/summary.json", "{\"complete\": true, \"updates\": \"10\"}");
  WriteFile(Path(0) + "/metrics.jsonl", "[]\n");
  EXPECT_EQ(StateOf(0).state, State::kWaiting);
}

TEST_F(SweepStatus, ANumberThatIsNoCountOfUpdatesSaysNothing) {
  for (const char* number : {"1e300", "-1", "4294967296", "2.5", "\"3\""}) {
    WriteFile(Path(0) + "/metrics.jsonl", std::string("{\"update\":") + number + "}\n");
    WriteFile(Path(0) + "/summary.json", std::string("{\"updates\":") + number + "}");
    EXPECT_EQ(StateOf(0).update, 0u) << number;
    EXPECT_EQ(StateOf(0).state, State::kWaiting) << number;
  }
}

TEST_F(SweepStatus, ASchedulerKnowsBetterUnlessTheRunIsDone) {
  WriteFile(Path(1) + "/summary.json", "{\"complete\": true, \"updates\": 10}");
  const auto states = ReadStates(sweep, {{0, State::kQueued}, {1, State::kRunning}});
  EXPECT_EQ(states[0].state, State::kQueued);
  EXPECT_EQ(states[1].state, State::kDone);
  EXPECT_EQ(states[2].state, State::kWaiting);
}

TEST_F(SweepStatus, TheTableHasABarForEachRunAndTheTotals) {
  WriteUpdates(0, 10);
  WriteFile(Path(0) + "/summary.json", "{\"complete\": true, \"updates\": 10, \"weights_sha256\": \"ab\"}");
  WriteUpdates(1, 5);
  const std::string table = Table(ReadStates(sweep));
  EXPECT_THAT(table, HasSubstr("     update  discounted  time left\n"));
  EXPECT_THAT(table, HasSubstr("b1-nmn-s1  done         [####################]        10/10        1000          -"));
  EXPECT_THAT(table, HasSubstr("b1-nmn-s2  interrupted  [##########..........]         5/10       500.0          -"));
  EXPECT_THAT(table, HasSubstr("b1-nmn-s3  waiting      [....................]         0/10           -          -"));
  EXPECT_THAT(table, HasSubstr("mean of the last 1000 episodes, of all where a run has fewer)\n"));
  EXPECT_THAT(table, HasSubstr("[##########..........] 50 %  1/3 runs done, 1 waiting, 1 interrupted\n"));
}

// As after `nmn sweep DIR --updates=10` for a sweep of 6.
TEST_F(SweepStatus, ARunCompletedWithLessThanTheBudgetGoesOn) {
  WriteUpdates(0, 6);
  WriteFile(Path(0) + "/summary.json", "{\"complete\": true, \"updates\": 6}");
  EXPECT_EQ(StateOf(0).state, State::kInterrupted);
  WriteFile(sweep.ExitPath(sweep.runs[0]), "0\n");  // by this sweep, before it grew
  EXPECT_EQ(StateOf(0).state, State::kWaiting);
}

TEST_F(SweepStatus, ALaterLookReadsOnlyWhatChanged) {
  for (int run = 0; run < 3; ++run) WriteUpdates(run, 5);
  StateReader reader(sweep);
  EXPECT_EQ(reader.Look()[1].update, 5u);
  EXPECT_EQ(reader.files_read(), 3u);
  reader.Look();
  EXPECT_EQ(reader.files_read(), 3u);
  WriteUpdates(1, 6);
  EXPECT_EQ(reader.Look()[1].update, 6u);
  EXPECT_EQ(reader.files_read(), 4u);
  WriteFile(Path(1) + "/summary.json", "{\"complete\": true, \"updates\": 10}");
  EXPECT_EQ(reader.Look()[1].state, State::kDone);
  EXPECT_EQ(reader.files_read(), 5u);
  // Deleted by hand: nothing of it is remembered.
  std::filesystem::remove_all(Path(1));
  EXPECT_EQ(reader.Look()[1].state, State::kWaiting);
  EXPECT_EQ(reader.Look()[1].update, 0u);
  EXPECT_EQ(reader.files_read(), 5u);
}

// As after `nmn train --resume --run_dir=DIR/b1-nmn-s1 --updates=25`.
TEST_F(SweepStatus, ARunTakenPastTheBudgetByHandHasAFullBarAndHidesNoOther) {
  WriteUpdates(0, 25);
  WriteFile(Path(0) + "/summary.json", "{\"complete\": true, \"updates\": 25}");
  const std::string table = Table(ReadStates(sweep));
  EXPECT_THAT(table, HasSubstr("b1-nmn-s1  done         [####################]        25/10"));
  EXPECT_THAT(table, HasSubstr("[#######.............] 33 %  1/3 runs done"));
  EXPECT_EQ(nlohmann::json::parse(ToJsonLine(ReadStates(sweep)))["runs"][0]["fraction"], 1);
}

TEST_F(SweepStatus, ARunPastTheBudgetThatGoesOnHasNothingLeft) {
  WriteUpdates(0, 25);
  const auto lock = fs::DirectoryLock::Acquire(Path(0), "learner");
  const auto states = ReadStates(sweep);
  EXPECT_EQ(states[0].state, State::kRunning);
  EXPECT_EQ(states[0].seconds_left, 0);
  EXPECT_EQ(Sum(states, 1).seconds_left, 40);  // 2 s an update, the 20 of the other two
}

TEST_F(SweepStatus, TimeLeftCountsAllRunsAndHowManyGoAtOnce) {
  WriteUpdates(0, 5);
  const auto lock = fs::DirectoryLock::Acquire(Path(0), "learner");
  EXPECT_EQ(Sum(ReadStates(sweep), 1).seconds_left, 50);  // 2 s an update, 25 to go
  EXPECT_EQ(Sum(ReadStates(sweep), 2).seconds_left, 25);
}

TEST_F(SweepStatus, JsonIsOneObjectOnOneLine) {
  WriteUpdates(1, 5);
  const std::string line = ToJsonLine(ReadStates(sweep));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["interrupted"], 1);
  EXPECT_EQ(json["runs"][1]["name"], "b1-nmn-s2");
  EXPECT_EQ(json["runs"][1]["update"], 5);
  EXPECT_TRUE(json["runs"][0]["discounted_return"].is_null());
}

// What a progress display writes for two looks in quick succession and a note.
std::string Shown(bool terminal) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    SweepProgress progress(out, terminal);
    Totals totals;
    totals.runs = 8;
    totals.done = 3;
    totals.fraction = 0.5;
    progress.Show(totals);
    totals.done = 4;
    progress.Show(totals);
    progress.Note("a word");
  }
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(SweepProgressLine, OnATerminalIsRewritten) {
  EXPECT_THAT(Shown(true), HasSubstr("\r[##########..........] 50 %  4/8 runs done"));
  EXPECT_THAT(Shown(true), HasSubstr("a word\n"));
}

TEST(SweepProgressLine, WithoutATerminalIsAPlainLineNowAndThen) {
  EXPECT_EQ(Shown(false), "[##########..........] 50 %  3/8 runs done\na word\n");
}

TEST(MetricsTargets, TheAddressIsTheLastOfThisAttempt) {
  const TemporaryDirectory folder;
  const std::string log = folder.path() + "/log", old = "metrics on http://127.0.0.1:1/metrics\n";
  WriteFile(log, old + "begin\nmetrics on http://127.0.0.1:4567/metrics\nmore\n");
  EXPECT_EQ(MetricsAddress(log, 0), "127.0.0.1:4567");
  WriteFile(log, old + "begin\n");
  EXPECT_EQ(MetricsAddress(log, old.size()), "");
  EXPECT_EQ(MetricsAddress(folder.path() + "/absent", 0), "");
}

TEST(MetricsTargets, AreAFileSdList) {
  const TemporaryDirectory folder;
  const std::string file = folder.path() + "/targets.json";
  ASSERT_TRUE(WriteTargets(file, {{"b1-nmn-s1", "127.0.0.1:4567"}}).ok());
  EXPECT_EQ(nlohmann::json::parse(ReadFile(file)),
            nlohmann::json::parse(R"([{"targets": ["127.0.0.1:4567"], "labels": {"sweep_run": "b1-nmn-s1"}}])"));
  ASSERT_TRUE(WriteTargets(file, {}).ok());
  EXPECT_EQ(ReadFile(file), "[]\n");
}

}  // namespace
}  // namespace nmn::sweep
