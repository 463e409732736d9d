// nmn sweep on this machine, with real runs of seconds.

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <numeric>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kLimit{300};
constexpr int kPollMilliseconds = 50;

std::vector<std::string> SweepFlags(const std::string& directory, const std::string& seeds, int updates,
                                    std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--jobs=2", "--threads=1"});
  return TinySweep(directory, seeds, updates, more);
}

nlohmann::json Status(const std::string& directory) {
  return nlohmann::json::parse(RunProcess({Binary("nmn"), "sweep", "status", directory, "--json"}).out);
}

// Blocks until a run's metrics address stands in the target list; whether it does.
bool WaitForTarget(Subprocess& sweep, const std::string& directory) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (sweep.running() && std::chrono::steady_clock::now() < deadline) {
    if (ReadFile(directory + "/targets.json").find("\"127.0.0.1:") != std::string::npos) return true;
    poll(nullptr, 0, kPollMilliseconds);
  }
  return false;
}

TEST(Sweep, InterruptedAndResumedEndsWithTheHashesOfSingleRuns) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  constexpr int kUpdates = 8;
  // Steps that cost something do not change results; without, all six runs may be over before one is seen.
  const std::vector<std::string> grid =
      SweepFlags(directory, "1-3", kUpdates, {"--arch=nmn,rnn", "--set=env.step_cost_us=80"});
  {
    Subprocess sweep(grid, {"NMN_SEED=99", "NMN_PRESET=paper"});
    ASSERT_TRUE(WaitForUpdate(sweep, directory + "/b1-nmn-s1", 2)) << sweep.err();
    EXPECT_TRUE(WaitForTarget(sweep, directory)) << ReadFile(directory + "/logs/b1-nmn-s1.log");
    sweep.Signal(SIGTERM);
    EXPECT_EQ(sweep.Wait(kLimit), 75) << sweep.err();
    EXPECT_THAT(sweep.err(), HasSubstr("go on with: " + Binary("nmn") + " sweep "));
  }
  nlohmann::json status = Status(directory);
  EXPECT_LT(status["done"], 6);
  EXPECT_EQ(status["running"], 0);
  EXPECT_EQ(status["failed"], 0);

  const Outcome rest = RunProcess({Binary("nmn"), "sweep", directory, "--jobs=2", "--threads=1"}, kLimit);
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_THAT(rest.out, HasSubstr("6/6 runs done"));
  status = Status(directory);
  ASSERT_EQ(status["runs"].size(), 6u);
  for (const auto& run : status["runs"]) EXPECT_EQ(run["state"], "done") << run;
  EXPECT_EQ(ReadFile(directory + "/targets.json"), "[]\n");
  // The rows of an interrupted run stand once.
  std::vector<int> updates(kUpdates);
  std::iota(updates.begin(), updates.end(), 1);
  EXPECT_EQ(UpdatesInMetrics(directory + "/b1-nmn-s1"), updates);

  for (const std::string run : {"nmn-s1", "rnn-s3"}) {
    const std::string single = folder.path() + "/" + run;
    const Outcome outcome =
        RunProcess(TinyTrain(single, kUpdates, {"--arch=" + run.substr(0, 3), "--seed=" + run.substr(5)}), kLimit);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(WeightsHash(directory + "/b1-" + run), WeightsHash(single)) << run;
  }

  // A third call finds nothing to do.
  const auto written = std::filesystem::last_write_time(directory + "/b1-nmn-s1/summary.json");
  EXPECT_EQ(RunProcess(grid, kLimit).code, 0);
  EXPECT_EQ(std::filesystem::last_write_time(directory + "/b1-nmn-s1/summary.json"), written);
}

TEST(Sweep, GrowsBySeedsAndUpdatesToTheHashesOfSingleRuns) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep", run = directory + "/b1-nmn-s1";
  ASSERT_EQ(RunProcess(SweepFlags(directory, "1", 3), kLimit).code, 0);
  const Outcome grown = RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1-2", "--updates=5"}, kLimit);
  EXPECT_EQ(grown.code, 0) << grown.err;
  EXPECT_THAT(grown.err, HasSubstr("the sweep grows: 1 more run, 2 in all; a budget of 5 updates instead of 3\n"));
  EXPECT_THAT(grown.out, HasSubstr("2/2 runs done"));
  for (const std::string seed : {"1", "2"}) {
    const std::string single = folder.path() + "/" + seed;
    ASSERT_EQ(RunProcess(TinyTrain(single, 5, {"--seed=" + seed}), kLimit).code, 0);
    EXPECT_EQ(WeightsHash(directory + "/b1-nmn-s" + seed), WeightsHash(single)) << seed;
  }
  EXPECT_EQ(UpdatesInMetrics(run), (std::vector<int>{1, 2, 3, 4, 5}));

  // Further by hand than the sweep asks for: it is done, and nothing falls over.
  ASSERT_EQ(
      RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--updates=7", "--no_figure"}, kLimit).code,
      0);
  EXPECT_EQ(Status(directory)["runs"][0]["fraction"], 1);
  EXPECT_THAT(RunProcess({Binary("nmn"), "sweep", "status", directory}).out,
              HasSubstr("[####################]          7/5"));
  EXPECT_EQ(RunProcess({Binary("nmn"), "sweep", directory}, kLimit).code, 0);
  EXPECT_EQ(ReadSummary(run)["updates"], 7);

  // A run that somebody deleted begins anew; a call for the other one leaves that to the next.
  const std::string hash = WeightsHash(directory + "/b1-nmn-s2");
  std::filesystem::remove_all(directory + "/b1-nmn-s2");
  EXPECT_EQ(RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1"}, kLimit).code, 0);
  EXPECT_EQ(Status(directory)["runs"][1]["state"], "waiting");
  EXPECT_EQ(RunProcess({Binary("nmn"), "sweep", directory}, kLimit).code, 0);
  EXPECT_EQ(WeightsHash(directory + "/b1-nmn-s2"), hash);
}

TEST(Sweep, AGridTrainsEveryCombinationAsSetWould) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  const Outcome outcome = RunProcess(
      SweepFlags(directory, "1", 2, {"--grid=ppo.trace_decay=0.9,0.95", "--grid=ppo.discount=0.99"}), kLimit);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json status = Status(directory);
  ASSERT_EQ(status["runs"].size(), 2u);
  EXPECT_EQ(status["runs"][1]["name"], "b1-nmn-ppo.trace_decay-0.95-ppo.discount-0.99-s1");
  EXPECT_EQ(status["runs"][1]["grid"], (nlohmann::json{{"ppo.trace_decay", "0.95"}, {"ppo.discount", "0.99"}}));
  const std::string single = folder.path() + "/single";
  ASSERT_EQ(
      RunProcess(TinyTrain(single, 2, {"--seed=1", "--set=ppo.trace_decay=0.95", "--set=ppo.discount=0.99"}), kLimit)
          .code,
      0);
  EXPECT_EQ(WeightsHash(directory + "/b1-nmn-ppo.trace_decay-0.95-ppo.discount-0.99-s1"), WeightsHash(single));
}

TEST(Sweep, BeginsEveryRunWithTheSameOldWeights) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep", source = folder.path() + "/source",
                    single = folder.path() + "/single", init_from = "--init_from=" + source;
  ASSERT_EQ(RunProcess(TinyTrain(source, 2, {"--seed=7"}), kLimit).code, 0);
  const nlohmann::json there = ReadSummary(source);

  // What does not fit is known before anything is made.
  const Outcome rnn = RunProcess(SweepFlags(directory, "1-2", 2, {"--arch=nmn,rnn", init_from}), kLimit);
  EXPECT_EQ(rnn.code, 42);
  EXPECT_THAT(rnn.err, HasSubstr("b1-rnn-s1: " + init_from + " has the weights of an NMN"));
  EXPECT_EQ(RunProcess(SweepFlags(directory, "1", 2, {"--init_from=" + directory}), kLimit).code, 42);
  EXPECT_FALSE(std::filesystem::exists(directory));

  ASSERT_EQ(RunProcess(TinyTrain(single, 2, {"--seed=2", init_from}), kLimit).code, 0);
  const Outcome begun = RunProcess(SweepFlags(directory, "1", 2, {init_from}), kLimit);
  EXPECT_EQ(begun.code, 0) << begun.err;
  EXPECT_THAT(begun.err, HasSubstr("every run begins with " + source + " (weights of SHA-256 "));
  // The source trains on, and is another then; the sweep grows with what it began with.
  ASSERT_EQ(RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + source, "--updates=3", "--no_figure"}).code,
            0);
  const Outcome other = RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1-2", init_from}, kLimit);
  EXPECT_EQ(other.code, 42);
  EXPECT_THAT(other.err,
              HasSubstr("--init_from " + source + " (weights of SHA-256 " + WeightsHash(source) + ") instead of " +
                        source + " (weights of SHA-256 " + there["weights_sha256"].get<std::string>() + ")"));
  std::filesystem::remove_all(source);
  const Outcome grown = RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1-2"}, kLimit);
  EXPECT_EQ(grown.code, 0) << grown.err;
  for (const std::string run : {"/b1-nmn-s1", "/b1-nmn-s2"}) {
    const nlohmann::json init = ReadSummary(directory + run)["init"];
    EXPECT_EQ(init["source"], directory + "/init.safetensors");
    EXPECT_EQ(init["run_id"], there["run_id"]);
    EXPECT_EQ(init["update"], 2);
    EXPECT_EQ(init["weights_sha256"], there["weights_sha256"]);
    EXPECT_TRUE(init["left"].empty());
  }
  EXPECT_EQ(WeightsHash(directory + "/b1-nmn-s2"), WeightsHash(single));

  std::filesystem::rename(directory + "/init.safetensors", folder.path() + "/moved");
  const Outcome gone = RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1-3"}, kLimit);
  EXPECT_EQ(gone.code, 42);
  EXPECT_THAT(gone.err, HasSubstr("init.safetensors is gone: it has the weights of SHA-256 "));
  const Outcome back =
      RunProcess({Binary("nmn"), "sweep", directory, "--init_from=" + folder.path() + "/moved"}, kLimit);
  EXPECT_EQ(back.code, 0) << back.err;
  EXPECT_TRUE(std::filesystem::exists(directory + "/init.safetensors"));
}

TEST(Sweep, ARunThatIsKilledStartsAgain) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  Subprocess sweep(SweepFlags(directory, "1", 12));
  ASSERT_TRUE(WaitForUpdate(sweep, directory + "/b1-nmn-s1", 2)) << sweep.err();
  kill(std::stoi(ReadFile(directory + "/b1-nmn-s1/.lock")), SIGKILL);
  EXPECT_EQ(sweep.Wait(kLimit), 0) << sweep.err();
  EXPECT_THAT(sweep.err(), HasSubstr("b1-nmn-s1 ended with code 137 (killed: by somebody"));
  EXPECT_EQ(Status(directory)["done"], 1);
}

TEST(Sweep, ARunThatFailsForGoodEndsNoOtherAndIsNamed) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  // A file stands where the run's directory should be.
  ASSERT_EQ(RunProcess(SweepFlags(directory, "1-2", 2), kLimit).code, 0);
  std::filesystem::remove_all(directory + "/b1-nmn-s1");
  WriteFile(directory + "/b1-nmn-s1", "");
  std::filesystem::remove_all(directory + "/b1-nmn-s2");
  // And a directory where the second's exit code should be.
  std::filesystem::remove(directory + "/logs/b1-nmn-s2.exit");
  std::filesystem::create_directories(directory + "/logs/b1-nmn-s2.exit/x");
  const Outcome outcome = RunProcess({Binary("nmn"), "sweep", directory}, kLimit);
  EXPECT_EQ(outcome.code, 42) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("b1-nmn-s1 failed (exit code 42)"));
  EXPECT_THAT(
      outcome.err,
      HasSubstr("b1-nmn-s2 ended with code 0, and nmn sweep status will not know it: cannot write " + directory));
  EXPECT_EQ(Status(directory)["failed"], 1);
  EXPECT_EQ(Status(directory)["done"], 1);
}

TEST(Sweep, ASweepThatIsKilledLeavesNoRunBehind) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  Subprocess sweep(SweepFlags(directory, "1", 2000));
  ASSERT_TRUE(WaitForUpdate(sweep, directory + "/b1-nmn-s1", 2)) << sweep.err();
  const std::string grid = ReadFile(directory + "/sweep.json");
  const Outcome second = RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1-2"}, kLimit);
  EXPECT_EQ(second.code, 1) << "two sweeps on one directory";
  EXPECT_THAT(second.err, HasSubstr("is in use by another nmn sweep"));
  EXPECT_EQ(ReadFile(directory + "/sweep.json"), grid);
  sweep.Signal(SIGKILL);
  EXPECT_EQ(sweep.Wait(), 137);
  // Its run stops with a checkpoint, by itself.
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (Status(directory)["interrupted"] != 1 && std::chrono::steady_clock::now() < deadline) {
    poll(nullptr, 0, kPollMilliseconds);
  }
  EXPECT_EQ(ReadSummary(directory + "/b1-nmn-s1")["complete"], false);
}

TEST(Sweep, AClosedTerminalStopsItWithCheckpoints) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  Subprocess sweep(SweepFlags(directory, "1", 2000));
  ASSERT_TRUE(WaitForUpdate(sweep, directory + "/b1-nmn-s1", 2)) << sweep.err();
  sweep.Signal(SIGHUP);
  EXPECT_EQ(sweep.Wait(kLimit), 75) << sweep.err();
  EXPECT_EQ(Status(directory)["interrupted"], 1);
  EXPECT_GE(ReadSummary(directory + "/b1-nmn-s1")["updates"], 2);
}

TEST(Sweep, AMovedDirectoryStopsItAndItGoesOnThere) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep", now = folder.path() + "/moved";
  Subprocess sweep(SweepFlags(directory, "1-3", 8, {"--set=env.step_cost_us=80"}));
  ASSERT_TRUE(WaitForUpdate(sweep, directory + "/b1-nmn-s1", 2)) << sweep.err();
  std::filesystem::rename(directory, now);
  EXPECT_EQ(sweep.Wait(kLimit), 42);
  EXPECT_THAT(sweep.err(), HasSubstr("was moved to " + now + " by somebody while it was in use; go on with it there"));
  EXPECT_THAT(sweep.err(), ::testing::Not(::testing::AnyOf(HasSubstr("cannot write"), HasSubstr("cannot be written"))));
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_EQ(RunProcess({Binary("nmn"), "sweep", now, "--jobs=2", "--threads=1"}, kLimit).code, 0);
}

TEST(Sweep, WhatStandsInTheWayOfItsFilesIsOneLine) {
  const TemporaryDirectory folder;
  const auto refused = [&](const std::string& name, const std::string& words) {
    const std::string directory = folder.path() + "/" + name + "-in-the-way";
    ASSERT_EQ(RunProcess(SweepFlags(directory, "1", 1), kLimit).code, 0);
    std::filesystem::remove_all(directory + "/" + name);
    std::filesystem::create_directories(directory + "/" + name + "/x");
    if (name == "configs") {
      std::filesystem::remove_all(directory + "/" + name);
      WriteFile(directory + "/" + name, "");
    }
    const Outcome outcome = RunProcess({Binary("nmn"), "sweep", directory, "--seeds=1-2"}, kLimit);
    EXPECT_EQ(outcome.code, 42) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_LE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 2) << outcome.err;  // after what it added
    EXPECT_EQ(ReadSummary(directory + "/b1-nmn-s1")["complete"], true);
  };
  refused("sweep.json", "Is a directory");
  refused("configs", "configs");
  refused("targets.json", "targets.json");
}

TEST(Sweep, APipeInThePlaceOfItsFilesIsToldAndWaitedForByNobody) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  ASSERT_EQ(RunProcess(SweepFlags(directory, "1", 1), kLimit).code, 0);
  for (const std::string name : {"targets.json", "runs.txt", "configs/b1-nmn-s1.textproto", "logs/b1-nmn-s1.log"}) {
    const std::string file = directory + "/" + name;
    std::filesystem::rename(file, folder.path() + "/kept");
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    const Outcome outcome = RunProcess({Binary("nmn"), "sweep", directory}, std::chrono::seconds(60));
    EXPECT_EQ(outcome.code, 42) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(file + " is a pipe, a socket or a device"));
    std::filesystem::rename(folder.path() + "/kept", file);
  }
}

TEST(Sweep, BadInputIsOneLineAndWritesNothing) {
  const TemporaryDirectory folder;
  const std::string directory = folder.path() + "/sweep";
  const auto refused = [&](std::vector<std::string> arguments, const std::string& words, int code = 42) {
    arguments.insert(arguments.begin(), {Binary("nmn"), "sweep"});
    const Outcome outcome = RunProcess(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(directory));
  };
  refused({}, "DIR is missing");
  refused({directory}, "is no sweep (it has no sweep.json)");
  refused({directory, "--benchmark=b1"}, "--seeds is missing: e.g. 1-30");
  refused({directory, "--seeds=1-3"}, "--task is missing: b1, b2, b3, bandit");
  refused({directory, "--benchmark=b9", "--seeds=1"}, "task b9: it must be one of b1, b2, b3, bandit");
  refused({directory, "--benchmark=b1", "--seeds=a"}, "--seeds=a");
  refused({directory, "--benchmark=b1", "--seeds=1", "--updates=1", "--episodes=1"}, "exclude each other");
  for (const char* jobs : {"-1", "1025", "x", "1.5", ""})
    refused({directory, "--benchmark=b1", "--seeds=1", std::string("--jobs=") + jobs}, "--jobs");
  refused({directory, "--benchmark=b1", "--seeds=1", "--grid=ppo.trace_decay"},
          "--grid ppo.trace_decay: it has no field");
  refused({directory, "--benchmark=b1", "--seeds=1", "--sbatch=x"}, "--sbatch is for --engine=slurm");
  refused({directory, "--benchmark=b1", "--seeds=1", "--engine=pbs"}, "--engine");
  refused({"status"}, "DIR is required");
  refused({"status", directory}, "is no sweep");
}

}  // namespace
}  // namespace nmn::testing
