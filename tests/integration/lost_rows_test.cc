// Rows that somebody takes away from a run, and a machine without gnuplot and without a folder for temporary files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/integration/tiny_run.h"

namespace nmn {
namespace {

using testing::Binary;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::ReadFile;
using testing::RunProcess;
using testing::Subprocess;
using testing::TinyTrain;

TEST(LostRows, UnderARunningLearnerAreSaidByItAndByTheReport) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  Subprocess train(TinyTrain(run, 100000));
  ASSERT_TRUE(testing::WaitForUpdate(train, run, 3)) << train.err();
  std::filesystem::remove(run + "/episodes.csv");
  ASSERT_TRUE(train.WaitForOutput(run + "/episodes.csv had ")) << train.err();
  train.Signal(SIGTERM);
  EXPECT_EQ(train.Wait(), 75);
  const Outcome report = RunProcess({Binary("nmn"), "report", run, "--out=" + folder.path() + "/out"});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.err, HasSubstr(run + "/episodes.csv:2: the episodes 1 to "));
}

TEST(LostRows, BeforeAResumeAreRefusedByName) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 3)).code, 0);
  std::filesystem::remove(run + "/episodes.csv");
  const Outcome resumed = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--updates=4"});
  EXPECT_EQ(resumed.code, 42) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr(run + "/episodes.csv"));
  EXPECT_THAT(resumed.err, HasSubstr("the checkpoint counts on this file: put it back to continue the run, or go on"));
}

TEST(LostRows, BeforeAResumeThatAcceptsTheLossAreNamedByItAndByTheReportAndChangeNoBit) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", whole = folder.path() + "/whole";
  ASSERT_EQ(RunProcess(TinyTrain(run, 3)).code, 0);
  ASSERT_EQ(RunProcess(TinyTrain(whole, 4)).code, 0);
  std::filesystem::remove(run + "/episodes.csv");
  const Outcome resumed = RunProcess(
      {Binary("nmn"), "train", "--resume", "--accept_loss", "--no_figure", "--run_dir=" + run, "--updates=4"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr(run + "/episodes.csv had "));
  EXPECT_EQ(testing::WeightsHash(run), testing::WeightsHash(whole));
  EXPECT_EQ(testing::UpdatesInMetrics(run), std::vector<int>({1, 2, 3, 4}));
  const Outcome report = RunProcess({Binary("nmn"), "report", run, "--out=" + folder.path() + "/out"});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.err, HasSubstr(run + "/episodes.csv:2: the episodes 1 to 60 are missing before update 4"));
}

// An editor ended each row in another way: the checkpoint's count of bytes ends within one.
TEST(LostRows, AFileThatWasWrittenAnewIsRefusedAndNotCutWithinARow) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", file = run + "/episodes.csv";
  ASSERT_EQ(RunProcess(TinyTrain(run, 3)).code, 0);
  std::string rows;
  for (const char c : ReadFile(file)) rows += c == '\n' ? "\r\n" : std::string(1, c);
  testing::WriteFile(file, rows);
  std::vector<std::string> resume = {Binary("nmn"),      "train",      "--resume", "--no_figure",
                                     "--run_dir=" + run, "--updates=4"};
  const Outcome refused = RunProcess(resume);
  EXPECT_EQ(refused.code, 42) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(file + " was changed: its first "));
  EXPECT_EQ(ReadFile(file), rows);
  resume.push_back("--accept_loss");
  const Outcome accepted = RunProcess(resume);
  EXPECT_EQ(accepted.code, 0) << accepted.err;
  EXPECT_THAT(accepted.err, HasSubstr(file + " had "));
}

// No update is left to train, and the rows are missed all the same.
TEST(LostRows, OfACompleteRunAreRefusedByNameToo) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 3)).code, 0);
  const std::vector<std::string> resume = {Binary("nmn"), "train", "--resume", "--no_figure", "--run_dir=" + run};
  EXPECT_EQ(RunProcess(resume).code, 0);
  testing::WriteFile(run + "/metrics.jsonl", "garbage");
  const Outcome refused = RunProcess(resume);
  EXPECT_EQ(refused.code, 42) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(run + "/metrics.jsonl has only 7 of the "));
  EXPECT_THAT(refused.err, HasSubstr("--accept_loss"));
}

TEST(LearningCurve, OfTrainSaysWhereTheLineOfTheOracleIsNotDrawn) {
  testing::TemporaryDirectory folder;
  const auto train = [&](const std::string& run, int updates, const std::vector<std::string>& more) {
    std::vector<std::string> arguments =
        TinyTrain(folder.path() + "/" + run, updates, {"--set", "env.horizon=1400", "--set", "ppo.policy.epochs=1"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::erase(arguments, "--no_figure");
    const Outcome outcome = RunProcess(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  };
  const std::string whole =
      train("run", 2, {"--set", "ppo.episodes_per_update=500", "--set", "ppo.critic.replay_episodes=500"});
  EXPECT_THAT(whole, HasSubstr("/learning_curve.png (and .svg, .csv)\nthe line of a policy that knows the task ("));
  // What it says to type is from the lowest return to the line.
  std::smatch range;
  ASSERT_TRUE(
      std::regex_search(whole, range, std::regex(R"(nmn report \S+/run --y_range=(\S+):(\S+) brings it back\n)")));
  EXPECT_LT(std::stod(range[1]), 0);
  EXPECT_GT(std::stod(range[2]), 4000);
  // And then nothing is outside.
  const Outcome report = RunProcess({Binary("nmn"), "report", folder.path() + "/run", "--out=" + folder.path() + "/out",
                                     "--y_range=" + range[1].str() + ":" + range[2].str()});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.err, Not(HasSubstr("--y_range")));
  // A curve of fewer episodes than the running mean is over says nothing yet.
  const std::string brief = train("brief", 1, {});
  EXPECT_THAT(brief, Not(HasSubstr("--y_range")));
  EXPECT_THAT(brief, HasSubstr(": 1 update, 20 episodes in "));
}

TEST(LearningCurve, OfTrainHasItsNumbersWithoutGnuplotAndWithoutATemporaryFolder) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  std::vector<std::string> arguments = TinyTrain(run, 2);
  std::erase(arguments, "--no_figure");
  const Outcome train =
      RunProcess(arguments, std::chrono::seconds(120), {"PATH=" + folder.path(), "TMPDIR=/nonexistent"});
  EXPECT_EQ(train.code, 0) << train.err;
  EXPECT_THAT(train.out, HasSubstr("/learning_curve.csv (no picture: gnuplot is not in PATH"));
  EXPECT_THAT(ReadFile(run + "/learning_curve.csv"), HasSubstr("curve,arch,preset,runs,episodes,"));
}

}  // namespace
}  // namespace nmn
