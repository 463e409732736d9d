// Rows that somebody takes away from a run, and a machine without gnuplot and without a folder for temporary files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
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
  EXPECT_THAT(resumed.err, HasSubstr("the checkpoint counts on this file: put it back to continue the run"));
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
