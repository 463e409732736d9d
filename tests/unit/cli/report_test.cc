// nmn report's learning curves and how figures are drawn.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "cli/report/figure.h"
#include "cli/report/gnuplot.h"
#include "cli/report/learning_curve.h"
#include "cli/report/output.h"
#include "tests/unit/cli/report_fixture.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<Curve> Curves(const Runs& runs, const Options& options = {}) {
  return MakeCurves(runs, GroupRuns(runs, options.each), options);
}

absl::Status WriteAndDraw(const Runs& runs, const std::string& out, const Options& options = {}) {
  if (absl::Status status = PrepareOutput(runs, out); !status.ok()) return status;
  const LearningCurve curve = MakeLearningCurve(runs, options);
  if (absl::Status status = WriteLearningCurve(curve, out); !status.ok()) return status;
  return DrawLearningCurve(curve, out);
}

TEST(RunningMean, TakesWhatThereIsUntilTheWindowIsFull) {
  EXPECT_THAT(RunningMean(std::vector<double>{2, 4, 6, 8}, 2), ElementsAre(2, 3, 5, 7));
}

TEST(RunningMean, LeavesOutWhatIsLost) {
  const std::vector<double> means = RunningMean(std::vector<double>{NAN, 4, NAN, NAN, 8, 2}, 2);
  EXPECT_TRUE(std::isnan(means[0]));
  EXPECT_EQ(means[1], 4);
  EXPECT_EQ(means[2], 4);
  EXPECT_TRUE(std::isnan(means[3]));
  EXPECT_EQ(means[4], 8);
  EXPECT_EQ(means[5], 5);
}

TEST(MakeCurves, SeedsOfOneConfigAreOneCurveAsLongAsTheShortest) {
  nmn::testing::TemporaryDirectory folder;
  const std::vector<Curve> curves = Curves(ReadRuns(
      {cli::MakeRun(folder, "a", 1, 6, 0), cli::MakeRun(folder, "b", 2, 4, 10), cli::MakeRun(folder, "c", 3, 4, 20)}));
  ASSERT_EQ(curves.size(), 1u);
  ASSERT_EQ(curves[0].size(), 2u);
  EXPECT_EQ(curves[0][1].episodes, 4u);
  EXPECT_DOUBLE_EQ(curves[0][1].returns.mean, 11.5);     // means of 0..3, 10..13, 20..23
  EXPECT_DOUBLE_EQ(curves[0][1].returns.deviation, 10);  // sample deviation of 1.5, 11.5, 21.5
}

TEST(MakeCurves, GoOnWithTheRunsThatAreLeft) {
  nmn::testing::TemporaryDirectory folder;
  const Options options{.go_on = true, .smooth = 2};
  const std::vector<Curve> curves =
      Curves(ReadRuns({cli::MakeRun(folder, "a", 1, 6, 0), cli::MakeRun(folder, "b", 2, 2, 10),
                       cli::MakeRun(folder, "c", 3, 4, 20)}),
             options);
  std::vector<size_t> counts;
  std::vector<double> means;
  for (const CurvePoint& point : curves[0]) {
    counts.push_back(point.runs);
    means.push_back(point.returns.mean);
  }
  EXPECT_THAT(counts, ElementsAre(3, 2, 1));
  EXPECT_THAT(means, ElementsAre(10.5, 12.5, 4.5));
  EXPECT_EQ(LegendOf("NMN", curves[0], options), "NMN (mean ± std, n = 3 to 1)");
}

TEST(MakeCurves, WhereEpisodesAreLostTheOtherRunsGoOn) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 6, 0), b = cli::MakeRun(folder, "b", 2, 6, 10);
  nmn::testing::WriteFile(b + "/episodes.csv", "update,episode,return,discounted_return\n3,0,14,7\n3,1,15,7.5\n");
  const std::vector<Curve> curves = Curves(ReadRuns({a, b}), {.smooth = 2});
  ASSERT_EQ(curves[0].size(), 3u);
  EXPECT_EQ(curves[0][1].runs, 1u);
  EXPECT_DOUBLE_EQ(curves[0][1].returns.mean, 2.5);
  EXPECT_EQ(curves[0][2].runs, 2u);
  EXPECT_EQ(curves[0][2].episodes, 6u);
  EXPECT_DOUBLE_EQ(curves[0][2].returns.mean, 9.5);
}

// A run of MakeRun with an evaluation after each of `updates`, whose discounted mean is `mean` plus the update.
std::string Evaluated(const std::string& run, const std::vector<int>& updates, double mean) {
  std::string lines;
  for (int update = 1; update <= 4; ++update) {
    lines += "{\"update\": " + std::to_string(update);
    if (std::find(updates.begin(), updates.end(), update) != updates.end()) {
      lines += ", \"evaluation\": {\"return_mean\": " + std::to_string(2 * (mean + update)) +
               ", \"discounted_mean\": " + std::to_string(mean + update) + "}";
    }
    lines += "}\n";
  }
  nmn::testing::WriteFile(run + "/metrics.jsonl", lines);
  return run;
}

TEST(MakeEvaluationCurves, HaveAPointWhereEveryRunThatIsEvaluatedHasOne) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs =
      ReadRuns({Evaluated(cli::MakeRun(folder, "a", 1, 8, 0), {1, 2, 4}, 10),
                Evaluated(cli::MakeRun(folder, "b", 2, 8, 0), {2, 3, 4}, 30), cli::MakeRun(folder, "never", 3, 8, 0)});
  const std::vector<Curve> curves = MakeEvaluationCurves(runs, GroupRuns(runs, /*each=*/false), {});
  ASSERT_EQ(curves.size(), 1u);
  ASSERT_EQ(curves[0].size(), 2u);
  EXPECT_EQ(curves[0][0].episodes, 4u);
  EXPECT_EQ(curves[0][0].runs, 2u);
  EXPECT_DOUBLE_EQ(curves[0][0].discounted.mean, 22);  // 12 and 32
  EXPECT_DOUBLE_EQ(curves[0][0].returns.mean, 44);
  EXPECT_EQ(curves[0][1].episodes, 8u);
  EXPECT_DOUBLE_EQ(curves[0][1].discounted.mean, 24);
}

TEST(MakeEvaluationCurves, EndWithTheCurveUnlessTheyGoOn) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({Evaluated(cli::MakeRun(folder, "a", 1, 8, 0), {2, 4}, 10),
                              Evaluated(cli::MakeRun(folder, "b", 2, 4, 0), {2}, 30)});
  const Grouping grouping = GroupRuns(runs, /*each=*/false);
  EXPECT_EQ(MakeEvaluationCurves(runs, grouping, {})[0].size(), 1u);
  const Curve longer = MakeEvaluationCurves(runs, grouping, {.go_on = true})[0];
  ASSERT_EQ(longer.size(), 2u);
  EXPECT_EQ(longer[1].runs, 1u);
  EXPECT_DOUBLE_EQ(longer[1].discounted.mean, 14);
}

TEST(LearningCurve, HasALineAndAFileOfEvaluationsWhereThereWereAny) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 8, 0), out = folder.path() + "/out";
  ASSERT_TRUE(WriteAndDraw(ReadRuns({a}), out, {.smooth = 2}).ok());
  EXPECT_FALSE(std::filesystem::exists(out + "/evaluations.csv"));
  EXPECT_THAT(nmn::testing::ReadFile(out + "/learning_curve.svg"), Not(HasSubstr("evaluated")));
  Evaluated(a, {2, 4}, 10);
  ASSERT_TRUE(WriteAndDraw(ReadRuns({a}), out, {.smooth = 2}).ok());
  EXPECT_EQ(nmn::testing::ReadFile(out + "/evaluations.csv"),
            "curve,arch,preset,runs,episodes,discounted_mean,discounted_std,return_mean,return_std\n"
            "\"NMN, reference, seed 1\",NMN,reference,1,4,12,0,24,0\n"
            "\"NMN, reference, seed 1\",NMN,reference,1,8,14,0,28,0\n");
  for (const char* name : {"learning_curve", "learning_curve_raw"})
    EXPECT_THAT(nmn::testing::ReadFile(out + "/" + name + ".svg"), HasSubstr("NMN, reference, seed 1, evaluated"));
}

TEST(GnuplotScript, ALineOfManyPointsHasAMarkerOnSome) {
  Figure figure;
  figure.series.push_back({.x = std::vector<double>(59), .y = std::vector<double>(59), .markers = true});
  EXPECT_THAT(GnuplotScript(figure, {}), HasSubstr("linespoints pt 7 ps 0.7 lw"));
  figure.series[0].x.resize(600), figure.series[0].y.resize(600);
  EXPECT_THAT(GnuplotScript(figure, {}), HasSubstr("linespoints pt 7 ps 0.7 pi 11 lw"));
}

TEST(LengthNotices, NameTheShortestRunAndWhatItLeavesOut) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns(
      {cli::MakeRun(folder, "a", 1, 6, 0), cli::MakeRun(folder, "b", 2, 2, 10), cli::MakeRun(folder, "c", 3, 4, 20)});
  const Grouping grouping = GroupRuns(runs, /*each=*/false);
  EXPECT_THAT(LengthNotices(runs, grouping, /*go_on=*/false),
              ElementsAre(AllOf(HasSubstr("the shortest run, " + runs[1].path + ", has 2 episodes"),
                                HasSubstr("6 episodes of 2 of 3 runs are left out"))));
  EXPECT_THAT(LengthNotices(runs, grouping, /*go_on=*/true), ElementsAre(HasSubstr("2 of 3 after the shortest")));
  EXPECT_THAT(LengthNotices({runs[0]}, GroupRuns({runs[0]}, false), false), IsEmpty());
}

TEST(SmoothingNotice, NamesAMeanThatSuitsTheShortestRun) {
  Runs runs(2);
  runs[0].returns.resize(300), runs[1].returns.resize(1000);
  EXPECT_EQ(SmoothingNotice(runs, 1000),
            "1 of 2 runs is shorter than --smooth=1000 episodes, so the mean is of all episodes so far: try "
            "--smooth=100");
  EXPECT_THAT(SmoothingNotice({runs[0]}, 301).value(), StartsWith("1 of 1 run is shorter"));
  EXPECT_EQ(SmoothingNotice(runs, 300), std::nullopt);
  for (const auto& [episodes, smooth] : {std::pair(199, "=10"), {200, "=100"}, {19, "=1"}, {1, "=1"}}) {
    runs[0].returns.resize(episodes);
    EXPECT_THAT(SmoothingNotice(runs, 1000).value(), EndsWith(smooth)) << episodes;
  }
}

TEST(SmoothedEpisodes, AreNoMoreThanThereAre) {
  Runs runs(2);
  runs[0].returns.resize(300), runs[1].returns.resize(500);
  EXPECT_EQ(SmoothedEpisodes(runs, 300), "the last 300 episodes");
  EXPECT_EQ(SmoothedEpisodes(runs, 400), "the last 400 episodes, or all of a shorter run");
  EXPECT_EQ(SmoothedEpisodes(runs, 501), "all episodes of each run");
  EXPECT_EQ(SmoothedEpisodes({runs[0]}, 301), "all 300 episodes");
}

TEST(LearningCurve, TheAxisSaysTheRunningMeanOnceACurveHasSoManyEpisodes) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0)});
  for (const auto& [smooth, label] :
       {std::pair(5, "episodes (mean of all episodes so far)"), {4, "episodes (running mean over 4)"}}) {
    ASSERT_TRUE(WriteAndDraw(runs, folder.path() + "/out", {.smooth = static_cast<size_t>(smooth)}).ok());
    EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/out/learning_curve.svg"), HasSubstr(label));
  }
}

TEST(MakeCurves, LongRunsAreThinnedAndKeepTheirLastEpisode) {
  nmn::testing::TemporaryDirectory folder;
  const std::vector<Curve> curves = Curves(ReadRuns({cli::MakeRun(folder, "a", 1, 5001, 0)}));
  EXPECT_LE(curves[0].size(), 801u);
  EXPECT_EQ(curves[0].back().episodes, 5001u);
  EXPECT_DOUBLE_EQ(curves[0].back().returns.mean, 5000 - 499.5);
}

TEST(GnuplotScript, QuotesWhatTextMayHold) {
  Figure figure;
  figure.title = "it's $HOME `ls`";
  figure.series.push_back({.label = "a\nplot 'b'", .x = {1}, .y = {1}});
  EXPECT_THAT(GnuplotScript(figure, {}), HasSubstr("set title 'it''s $HOME `ls`' noenhanced"));
  EXPECT_THAT(GnuplotScript(figure, {}), HasSubstr("title 'a plot ''b'''"));
  EXPECT_THAT(GnuplotScript(figure, {.title = false}), Not(HasSubstr("set title")));
}

TEST(GnuplotScript, TheRangeHoldsCurvesBandsAndLinesUnlessItIsGiven) {
  Figure figure;
  figure.series.push_back({.x = {1, 2}, .y = {0, 50}, .low = {-20, 40}, .high = {20, 60}});
  figure.references.push_back({"oracle", 80});
  EXPECT_THAT(GnuplotScript(figure, {}), HasSubstr("set yrange [-24:84]\n"));
  figure.y_range = Limits{0, 70};
  EXPECT_THAT(GnuplotScript(figure, {}), HasSubstr("set yrange [0:70]\n"));
}

TEST(ColourOf, AnArchitectureIsTheSameInEveryFigure) {
  EXPECT_EQ(ColourOf("NMN", 0), "#0072B2");
  EXPECT_EQ(ColourOf("RNN", 0), "#D55E00");
  std::set<std::string> colours;
  for (const char* architecture : {"NMN", "RNN", "other"}) {
    for (size_t shade = 0; shade < 4; ++shade) colours.insert(ColourOf(architecture, shade));
  }
  EXPECT_EQ(colours.size(), 12u);
}

TEST(ParseSize, TakesCentimetresAndInches) {
  EXPECT_DOUBLE_EQ(ParseSize("3.5x2.5in")->width, 3.5);
  EXPECT_DOUBLE_EQ(ParseSize("12.7x5.08cm")->width, 5);
  EXPECT_DOUBLE_EQ(ParseSize("12.7x5.08")->height, 2);
  for (const char* wrong :
       {"", "12", "12x", "x8", "12x8mm", "12x8 cm", "-3x8", "1x8", "300x8", "nanx8", "12x8x3", "infxinf"}) {
    EXPECT_THAT(std::string(ParseSize(wrong).status().message()), StartsWith("--size is")) << wrong;
  }
}

TEST(ParseLimits, AreLowThenHigh) {
  EXPECT_EQ(ParseLimits("-5:2.5")->low, -5);
  EXPECT_EQ(ParseLimits("-5:2.5")->high, 2.5);
  for (const char* wrong : {"", "5", "5:", "5:5", "6:5", "a:b", "nan:1", "-inf:inf"}) {
    EXPECT_THAT(std::string(ParseLimits(wrong).status().message()), StartsWith("--y_range is")) << wrong;
  }
}

TEST(LearningCurve, WritesFiguresAndTheirNumbers) {
  nmn::testing::TemporaryDirectory folder;
  const std::string out = folder.path() + "/figures/new";
  Options options;
  options.style.formats = {"svg", "png", "pdf"};
  options.style.y_range = Limits{0, 15000};
  const absl::Status status =
      WriteAndDraw(ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0), cli::MakeRun(folder, "b", 2, 4, 10)}), out, options);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(nmn::testing::ReadFile(out + "/learning_curve.csv"),
            "curve,arch,preset,runs,episodes,discounted_mean,discounted_std,return_mean,return_std\n"
            "\"NMN, reference, 2 seeds\",NMN,reference,2,2,2.75,3.53553391,5.5,7.07106781\n"
            "\"NMN, reference, 2 seeds\",NMN,reference,2,4,3.25,3.53553391,6.5,7.07106781\n");
  const std::string svg = nmn::testing::ReadFile(out + "/learning_curve.svg");
  EXPECT_THAT(svg, HasSubstr("Moving target: discounted return while learning"));
  EXPECT_THAT(svg, HasSubstr("NMN, reference, 2 seeds (mean ± std)"));
  EXPECT_THAT(svg, HasSubstr("episodes (mean of all episodes so far)"));
  EXPECT_THAT(svg, HasSubstr("a policy that knows the task (4697)"));
  EXPECT_THAT(nmn::testing::ReadFile(out + "/learning_curve_raw.svg"),
              HasSubstr("a policy that knows the task (14000)"));
  for (const char* name : {"/learning_curve", "/learning_curve_raw"}) {
    EXPECT_THAT(nmn::testing::ReadFile(out + name + ".png"), StartsWith("\x89PNG"));
    EXPECT_THAT(nmn::testing::ReadFile(out + name + ".pdf"), StartsWith("%PDF"));
  }
  // Nothing that gnuplot needed on the way is left.
  const std::filesystem::directory_iterator begin(out), end;
  EXPECT_EQ(std::distance(begin, end), 7);
}

TEST(LearningCurve, OnPaperHasTheSizeAskedForAndNoTitle) {
  nmn::testing::TemporaryDirectory folder;
  Options options;
  options.style.formats = {"svg", "png"};
  options.style.size = Inches{3.5, 2.5};
  options.style.title = false;
  const absl::Status status =
      WriteAndDraw(ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0)}), folder.path() + "/out", options);
  ASSERT_TRUE(status.ok()) << status;
  const std::string svg = nmn::testing::ReadFile(folder.path() + "/out/learning_curve.svg");
  EXPECT_THAT(svg, HasSubstr("width=\"336\" height=\"240\""));  // 96 a inch
  EXPECT_THAT(svg, Not(HasSubstr("while learning")));
  // IHDR: width and height, big-endian; 300 a inch.
  EXPECT_EQ(nmn::testing::ReadFile(folder.path() + "/out/learning_curve.png").substr(16, 8),
            std::string("\0\0\x04\x1A\0\0\x02\xEE", 8));
}

TEST(LearningCurve, HasTheInterquartileMeanAndItsIntervalWhereAskedFor) {
  nmn::testing::TemporaryDirectory folder;
  Runs runs;
  for (int seed = 1; seed <= 4; ++seed)
    runs.push_back(ReadRun(cli::MakeRun(folder, "r" + std::to_string(seed), seed, 2, seed == 4 ? 1000 : seed)).value());
  const absl::Status status =
      WriteLearningCurve(MakeLearningCurve(runs, {.average = Average::kIqm, .band = Band::kBootstrap}), folder.path());
  ASSERT_TRUE(status.ok()) << status;
  const std::string csv = nmn::testing::ReadFile(folder.path() + "/learning_curve.csv");
  EXPECT_THAT(csv, HasSubstr("discounted_mean,discounted_std,discounted_iqm,discounted_low,discounted_high,return_mean,"
                             "return_std,return_iqm,return_low,return_high\n"));
  EXPECT_THAT(csv, HasSubstr(",4,2,126,"));  // mean of 0.75, 1.25, 1.75 and 500.25 ..
  EXPECT_THAT(csv, HasSubstr(",1.5,"));      // .. and of the two in the middle
}

TEST(PrepareOutput, RefusesTwoBenchmarksInOneFigure) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0), cli::MakeRun(folder, "b", 1, 4, 0, "b3")});
  EXPECT_THAT(std::string(PrepareOutput(runs, folder.path() + "/out").message()),
              HasSubstr("one figure holds one benchmark"));
}

TEST(WriteText, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT(std::string(WriteText("/proc/nmn/x.csv", "").message()), HasSubstr("No such file or directory"));
}

// One run of other options is enough: the line would be wrong for its curve.
TEST(LearningCurve, LeavesOutTheOracleOfOtherOptions) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0), cli::MakeRun(folder, "b", 2, 4, 0)});
  Runs switching = runs, shorter = runs;
  switching[1].config.mutable_env()->set_switch_probability(0.5);
  shorter[1].config.mutable_env()->set_horizon(700);
  Options options;
  options.style.y_range = Limits{0, 5000};
  const std::string svg = folder.path() + "/out/learning_curve.svg";
  for (const Runs& other : {switching, shorter}) {
    ASSERT_TRUE(WriteAndDraw(other, folder.path() + "/out", options).ok());
    EXPECT_THAT(nmn::testing::ReadFile(svg), Not(HasSubstr("knows the task")));
  }
  ASSERT_TRUE(WriteAndDraw(runs, folder.path() + "/out", options).ok());
  EXPECT_THAT(nmn::testing::ReadFile(svg), HasSubstr("knows the task"));
}

// Returns from `first` on, in steps of a third of `range`; the discounted ones are half.
LearningCurve CurveOver(const nmn::testing::TemporaryDirectory& folder, double first, double range, Options options) {
  Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 8, 0)});
  for (size_t e = 0; e < 8; ++e) {
    runs[0].returns[e] = first + static_cast<double>(e / 2) * range / 3;
    runs[0].discounted[e] = runs[0].returns[e] / 2;
  }
  options.smooth = 1;
  return MakeLearningCurve(runs, options);
}

// Two reports at once, or one beside a file of somebody else's.
TEST(LearningCurve, WhatIsDrawnOnTheWayHasANameOfItsOwn) {
  nmn::testing::TemporaryDirectory folder;
  const LearningCurve curve = CurveOver(folder, 0, 4800, {});
  nmn::testing::WriteFile(folder.path() + "/learning_curve.part.png", "mine");
  const auto draw = [&] { return DrawLearningCurve(curve, folder.path()); };
  std::future<absl::Status> first = std::async(std::launch::async, draw), second = std::async(std::launch::async, draw);
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_EQ(nmn::testing::ReadFile(folder.path() + "/learning_curve.part.png"), "mine");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".nmn-")) << entry.path();
}

TEST(LearningCurve, AFigureThatCannotBeWrittenIsNamedByItsOwnName) {
  nmn::testing::TemporaryDirectory folder;
  const LearningCurve curve = CurveOver(folder, 0, 4800, {});
  const std::string message(DrawLearningCurve(curve, folder.path() + "/nowhere").message());
  EXPECT_THAT(message, HasSubstr(folder.path() + "/nowhere/learning_curve"));
  EXPECT_THAT(message, Not(HasSubstr(".nmn-")));
}

// The lines are at 4697, discounted, and 14000.
TEST(LearningCurve, LeavesOutALineThatWouldSquashTheCurves) {
  nmn::testing::TemporaryDirectory folder;
  const std::string svg = folder.path() + "/learning_curve.svg", raw = folder.path() + "/learning_curve_raw.svg";
  const auto notice = [](const LearningCurve& curve, const Shown& shown = {}) {
    return OracleNotice(curve, shown, "nmn report a ");
  };
  // Discounted 0 to 2400 of 4697, raw 0 to 4800 of 14000.
  const LearningCurve half = CurveOver(folder, 0, 4800, {});
  EXPECT_THAT(notice(half).value(), HasSubstr("knows the task (raw 14000) is not drawn in learning_curve_raw.*, "));
  EXPECT_THAT(notice(half).value(), HasSubstr(": nmn report a --y_range=0:14000 brings it back"));
  EXPECT_TRUE(DrawsBound(half, /*discounted=*/true));
  EXPECT_FALSE(DrawsBound(half, /*discounted=*/false));
  EXPECT_EQ(notice(half, {.figures = false, .page = true}), std::nullopt);  // which has no raw returns
  ASSERT_TRUE(DrawLearningCurve(half, folder.path()).ok());
  EXPECT_THAT(nmn::testing::ReadFile(svg), HasSubstr("knows the task (4697)"));
  EXPECT_THAT(nmn::testing::ReadFile(raw), Not(HasSubstr("knows the task")));
  // Discounted 0 to 2300, just less than half.
  const LearningCurve less = CurveOver(folder, 0, 4600, {});
  EXPECT_THAT(notice(less, {.page = true}).value(),
              HasSubstr("(discounted 4697, raw 14000) is not drawn in learning_curve.*, report.html, "
                        "learning_curve_raw.*, because"));
  EXPECT_THAT(notice(less, {.figures = false, .page = true}).value(),
              HasSubstr("(discounted 4697) is not drawn in report.html, because"));
  EXPECT_EQ(notice(less, {.figures = false}), std::nullopt);
  EXPECT_EQ(notice(CurveOver(folder, 0, 8000, {})), std::nullopt);
  EXPECT_EQ(notice(CurveOver(folder, 3, 0, {})), std::nullopt);  // flat
  Options given;
  given.style.y_range = Limits{0, 5000};
  EXPECT_EQ(notice(CurveOver(folder, 0, 3, given)), std::nullopt);
}

TEST(LearningCurve, SaysWhatTheRangeThatWasGivenCutsOff) {
  nmn::testing::TemporaryDirectory folder;
  Options given;
  given.style.y_range = Limits{0, 14000};
  EXPECT_EQ(RangeNotice(CurveOver(folder, 0, 4800, given), {}), std::nullopt);
  given.style.y_range = Limits{0, 5000};
  EXPECT_EQ(RangeNotice(CurveOver(folder, 0, 4800, given), {}).value(),
            "outside --y_range=0:5000: the line of a policy that knows the task in learning_curve_raw.* (14000)");
  EXPECT_EQ(RangeNotice(CurveOver(folder, 0, 4800, given), {.figures = false, .page = true}), std::nullopt);
  given.style.y_range = Limits{600, 3000};
  EXPECT_EQ(RangeNotice(CurveOver(folder, 0, 4800, given), {.page = true}).value(),
            "outside --y_range=600:3000: part of the curves in learning_curve.* and report.html (0 to 2400), the line "
            "of a policy that knows the task in learning_curve.* and report.html (4697), part of the curves in "
            "learning_curve_raw.* (0 to 4800), the line of a policy that knows the task in learning_curve_raw.* "
            "(14000)");
  EXPECT_EQ(RangeNotice(CurveOver(folder, 0, 4800, {}), {}), std::nullopt);
}

TEST(LearningCurve, DrawsARunOfOneUpdate) {
  nmn::testing::TemporaryDirectory folder;
  Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 2, 0)});
  runs[0].config.mutable_env()->set_horizon(10);  // no oracle beside it
  const absl::Status status = WriteAndDraw(runs, folder.path() + "/out");
  EXPECT_TRUE(status.ok()) << status;
}

// As gnuplot on a full disk: half a file, and exit code 0.
constexpr char kHalfAFigure[] =
    "#!/bin/sh\n"
    "sed -n \"s/^set output '\\(.*svg\\)'/\\1/p\" \"$1\" | while read file; do echo '<svg' > \"$file\"; done\n";

// Draws with `script` in gnuplot's place, where a figure stands already: it stays.
absl::Status DrawWith(const std::string& script) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0)});
  const std::string out = folder.path() + "/out", gnuplot = folder.path() + "/bin/gnuplot";
  EXPECT_TRUE(WriteAndDraw(runs, out).ok());
  const std::string before = nmn::testing::ReadFile(out + "/learning_curve.svg");
  std::filesystem::create_directories(folder.path() + "/bin");
  nmn::testing::WriteFile(gnuplot, script);
  std::filesystem::permissions(gnuplot, std::filesystem::perms::owner_all);
  const std::string path = getenv("PATH");
  setenv("PATH", (folder.path() + "/bin:" + path).c_str(), 1);
  const absl::Status status = WriteAndDraw(runs, out);
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(nmn::testing::ReadFile(out + "/learning_curve.svg"), before);
  return status;
}

TEST(LearningCurve, AFigureThatGnuplotCouldNotWriteToItsEndReplacesNone) {
  EXPECT_THAT(std::string(DrawWith(kHalfAFigure).message()), HasSubstr("is the disk full?"));
}

TEST(LearningCurve, AGnuplotThatWasKilledIsSaidToBe) {
  EXPECT_THAT(std::string(DrawWith("#!/bin/sh\nkill -9 $$\n").message()), HasSubstr("gnuplot was ended by signal 9"));
}

}  // namespace
}  // namespace nmn::report
