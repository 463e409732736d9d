#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "cli/report/curves.h"
#include "cli/report/figure.h"
#include "cli/report/learning_curve.h"
#include "cli/report/run.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Runs = std::vector<Run>;  // "Run" alone is a member of testing::Test

Runs ReadRuns(const std::vector<std::string>& paths) {
  Runs runs;
  for (const std::string& path : paths) {
    absl::StatusOr<Run> run = ReadRun(path);
    EXPECT_TRUE(run.ok()) << run.status();
    if (run.ok()) runs.push_back(*std::move(run));
  }
  return runs;
}

TEST(RunningMean, TakesWhatThereIsUntilTheWindowIsFull) {
  EXPECT_THAT(RunningMean(std::vector<double>{2, 4, 6, 8}, 2), ElementsAre(2, 3, 5, 7));
}

TEST(ReadRun, LeavesOutARowThatIsBeingWritten) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  nmn::testing::WriteFile(path + "/episodes.csv", nmn::testing::ReadFile(path + "/episodes.csv") + "3,0,12.");
  const Runs runs = ReadRuns({path});
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_THAT(runs[0].returns, ElementsAre(0, 1, 2, 3));
}

TEST(ReadRun, NamesTheLineThatIsNoRow) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  nmn::testing::WriteFile(path + "/episodes.csv", "update,episode,return,discounted_return\n1,0,5,2\n1,1,five,2\n");
  EXPECT_THAT(std::string(ReadRun(path).status().message()), HasSubstr("episodes.csv:3"));
}

TEST(ReadRun, SaysWhatIsNoRunDirectory) {
  nmn::testing::TemporaryDirectory folder;
  EXPECT_THAT(std::string(ReadRun(folder.path()).status().message()), HasSubstr("is no run directory"));
}

TEST(ExpandRunDirectories, AFolderOfRunsStandsForThem) {
  nmn::testing::TemporaryDirectory folder;
  const std::string b = cli::MakeRun(folder, "b", 1, 2, 0), a = cli::MakeRun(folder, "a", 2, 2, 0);
  std::filesystem::create_directories(folder.path() + "/notes");
  EXPECT_THAT(ExpandRunDirectories({folder.path(), b, "/nowhere"}), ElementsAre(a, b, b, "/nowhere"));
}

TEST(MakeCurves, SeedsOfOneConfigAreOneCurveAsLongAsTheShortest) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns(
      {cli::MakeRun(folder, "a", 1, 6, 0), cli::MakeRun(folder, "b", 2, 4, 10), cli::MakeRun(folder, "c", 3, 4, 20)});
  const std::vector<Curve> curves = MakeCurves(runs, /*each=*/false);
  ASSERT_EQ(curves.size(), 1u);
  EXPECT_EQ(curves[0].label, "NMN, reference, 3 seeds");
  ASSERT_EQ(curves[0].points.size(), 2u);
  EXPECT_EQ(curves[0].points[1].episodes, 4u);
  EXPECT_DOUBLE_EQ(curves[0].points[1].return_mean, 11.5);  // means of 0..3, 10..13, 20..23
  EXPECT_DOUBLE_EQ(curves[0].points[1].return_std, 10);     // sample deviation of 1.5, 11.5, 21.5
}

TEST(MakeCurves, EachKeepsRunsApartAndTellsThemApart) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "first", 1, 4, 0), cli::MakeRun(folder, "again", 1, 4, 0)});
  const std::vector<Curve> curves = MakeCurves(runs, /*each=*/true);
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0].label, "NMN, reference, seed 1 (first)");
  EXPECT_EQ(curves[1].label, "NMN, reference, seed 1 (again)");
}

TEST(MakeCurves, LongRunsAreThinnedAndKeepTheirLastEpisode) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 5001, 0)});
  const std::vector<Curve> curves = MakeCurves(runs, /*each=*/false);
  EXPECT_LE(curves[0].points.size(), 801u);
  EXPECT_EQ(curves[0].points.back().episodes, 5001u);
  EXPECT_DOUBLE_EQ(curves[0].points.back().return_mean, 5000 - 499.5);
}

TEST(GnuplotScript, QuotesWhatATitleMayHold) {
  Figure figure;
  figure.title = "it's $HOME `ls`";
  EXPECT_THAT(GnuplotScript(figure, "out"), HasSubstr("set title 'it''s $HOME `ls`' noenhanced"));
}

TEST(WriteLearningCurve, WritesFiguresAndTheirNumbers) {
  nmn::testing::TemporaryDirectory folder;
  const std::string out = folder.path() + "/figures/new";
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0), cli::MakeRun(folder, "b", 2, 4, 10)});
  const absl::Status status = WriteLearningCurve(runs, out);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(nmn::testing::ReadFile(out + "/learning_curve.csv"),
            "curve,runs,episodes,discounted_mean,discounted_std,return_mean,return_std\n"
            "\"NMN, reference, 2 seeds\",2,2,2.75,3.53553391,5.5,7.07106781\n"
            "\"NMN, reference, 2 seeds\",2,4,3.25,3.53553391,6.5,7.07106781\n");
  const std::string svg = nmn::testing::ReadFile(out + "/learning_curve.svg");
  EXPECT_THAT(svg, HasSubstr("b1: discounted return while learning (running mean over 1000 episodes)"));
  EXPECT_THAT(svg, HasSubstr("NMN, reference, 2 seeds (mean ± std)"));
  EXPECT_THAT(svg, HasSubstr("a policy that knows the task (4697)"));
  EXPECT_THAT(nmn::testing::ReadFile(out + "/learning_curve_raw.svg"),
              HasSubstr("a policy that knows the task (14000)"));
  EXPECT_THAT(nmn::testing::ReadFile(out + "/learning_curve.png"), StartsWith("\x89PNG"));
  EXPECT_THAT(nmn::testing::ReadFile(out + "/learning_curve_raw.png"), StartsWith("\x89PNG"));
}

TEST(WriteLearningCurve, RefusesTwoBenchmarksInOneFigure) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0), cli::MakeRun(folder, "b", 1, 4, 0, "b3")});
  EXPECT_THAT(std::string(WriteLearningCurve(runs, folder.path() + "/out").message()),
              HasSubstr("one figure holds one benchmark"));
}

TEST(WriteLearningCurve, LeavesOutTheOracleOfOtherOptions) {
  nmn::testing::TemporaryDirectory folder;
  Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0)});
  runs[0].config.mutable_env()->set_switch_probability(0.5);
  ASSERT_TRUE(WriteLearningCurve(runs, folder.path() + "/out").ok());
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/out/learning_curve.svg"), Not(HasSubstr("knows the task")));
}

TEST(WriteLearningCurve, DrawsARunOfOneUpdate) {
  nmn::testing::TemporaryDirectory folder;
  Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 2, 0)});
  runs[0].config.mutable_env()->set_horizon(10);  // no oracle beside it
  const absl::Status status = WriteLearningCurve(runs, folder.path() + "/out");
  EXPECT_TRUE(status.ok()) << status;
}

TEST(WriteLearningCurve, WithoutGnuplotNamesThePackageAndStillWritesTheCsv) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0)});
  const std::string path = getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  const absl::Status status = WriteLearningCurve(runs, folder.path() + "/out");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("apt-get install gnuplot-nox"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/out/learning_curve.csv"));
}

TEST(WriteAdaptation, ComparesTheFirstEpisodesWithTheLast) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 2000, 0)});
  const absl::Status status = WriteAdaptation(runs, folder.path() + "/out");
  ASSERT_TRUE(status.ok()) << status;
  // Step 1's reward is 1, 3, 5 .. over the updates; 500 updates are 1000 episodes.
  EXPECT_EQ(nmn::testing::ReadFile(folder.path() + "/out/adaptation.csv"),
            "curve,runs,episodes,step,reward_mean\n"
            "\"NMN, reference, seed 1\",1,first,0,-5\n"
            "\"NMN, reference, seed 1\",1,first,1,500\n"
            "\"NMN, reference, seed 1\",1,first,1399,9\n"
            "\"NMN, reference, seed 1\",1,last,0,-5\n"
            "\"NMN, reference, seed 1\",1,last,1,1500\n"
            "\"NMN, reference, seed 1\",1,last,1399,9\n");
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/out/adaptation.svg"), HasSubstr("reward within an episode"));
}

}  // namespace
}  // namespace nmn::report
