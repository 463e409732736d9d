// nmn report's tables: what it took to reach a return, and where an update's time went.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/report/phases.h"
#include "cli/report/run.h"
#include "cli/report/until.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::report {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

using TrainingRun = Run;  // "Run" alone is a member of testing::Test
using Runs = std::vector<Run>;

// 10 episodes an update of 100 kept steps, 2 policy and 3 critic epochs, replay of 25 episodes.
constexpr char kPpo[] =
    "ppo { episodes_per_update: 10 kept_steps: 100 policy { epochs: 2 } critic { epochs: 3 replay_episodes: 25 } }\n";

v1::PpoOptions Ppo() {
  v1::PpoOptions ppo;
  ppo.set_episodes_per_update(10);
  ppo.set_kept_steps(100);
  ppo.mutable_policy()->set_epochs(2);
  ppo.mutable_critic()->set_epochs(3);
  ppo.mutable_critic()->set_replay_episodes(25);
  return ppo;
}

// A run whose mean over the last 1000 episodes after each update is given; update k ends after 2 k seconds.
Run MakeUpdates(const nmn::testing::TemporaryDirectory& folder, const std::string& name, int seed,
                const std::vector<double>& discounted_recent, const std::string& summary = "") {
  const std::string path = folder.path() + "/" + name;
  std::filesystem::create_directories(path);
  nmn::testing::WriteFile(path + "/config.textproto", absl::StrCat("benchmark: \"b1\" preset: \"fast\" seed: ", seed,
                                                                   " network { architecture: NMN }\n", kPpo));
  nmn::testing::WriteFile(path + "/episodes.csv", "update,episode,return,discounted_return\n1,0,5,2\n");
  std::string metrics;
  for (size_t i = 0; i < discounted_recent.size(); ++i) {
    absl::StrAppend(&metrics, "{\"update\": ", i + 1, ", \"wall_seconds\": ", 2 * (i + 1),
                    ", \"discounted_last_1000\": ", discounted_recent[i], "}\n");
  }
  nmn::testing::WriteFile(path + "/metrics.jsonl", metrics);
  if (!summary.empty()) nmn::testing::WriteFile(path + "/summary.json", summary);
  absl::StatusOr<Run> run = ReadRun(path);
  EXPECT_TRUE(run.ok()) << run.status();
  return *std::move(run);
}

TEST(SamplePasses, OfTheCriticGrowUntilItsReplayIsFull) {
  EXPECT_EQ(SamplePassesOf(Ppo(), 1).policy, 10 * 100 * 2u);
  EXPECT_EQ(SamplePassesOf(Ppo(), 1).critic, 10 * 100 * 3u);
  EXPECT_EQ(SamplePassesOf(Ppo(), 2).critic, (10 + 20) * 100 * 3u);
  EXPECT_EQ(SamplePassesOf(Ppo(), 4).critic, (10 + 20 + 25 + 25) * 100 * 3u);
  EXPECT_EQ(SamplePassesOf(Ppo(), 4).policy, 4 * 10 * 100 * 2u);
}

TEST(FirstReached, IsTheFirstUpdateAtOrAboveEvenIfTheReturnFallsAgain) {
  nmn::testing::TemporaryDirectory folder;
  const TrainingRun run = MakeUpdates(folder, "a", 1, {10, 30, 20, 40});
  const std::optional<Reached> reached = FirstReached(run, 30);
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->update, 2);
  EXPECT_EQ(reached->passes, 2 * 2000 + 30 * 300);
  EXPECT_EQ(reached->wall_seconds, 4);
  EXPECT_FALSE(FirstReached(run, 41));
}

TEST(FirstReached, ReadsALineWithoutNumbersAsNotYet) {
  nmn::testing::TemporaryDirectory folder;
  TrainingRun run = MakeUpdates(folder, "a", 1, {10, 30});
  nmn::testing::WriteFile(run.path + "/metrics.jsonl",
                          "{\"update\": 1, \"discounted_last_1000\": null}\n"
                          "{\"update\": 2, \"wall_seconds\": 7, \"discounted_last_1000\": 30}\n");
  run = ReadRun(run.path).value();
  ASSERT_TRUE(FirstReached(run, -100));
  EXPECT_EQ(FirstReached(run, -100)->update, 2);
}

TEST(MedianReached, CountsARunThatNeverGotThereAsLaterThanAllOthers) {
  const Reached early{10, 100, 5}, late{30, 300, 15};
  EXPECT_EQ(MedianReached({late, std::nullopt, early})->update, 30);
  EXPECT_EQ(MedianReached({late, early})->update, 20);
  EXPECT_EQ(MedianReached({late, early})->passes, 200);
  EXPECT_FALSE(MedianReached({early, std::nullopt}));
  EXPECT_FALSE(MedianReached({std::nullopt, early, std::nullopt}));
}

TEST(DefaultThresholds, AreSharesOfTheOracleWhereNoneAreNamed) {
  EXPECT_THAT(DefaultThresholds("b1"), ElementsAre(3000, 4000, 4534, 4600, 4650));
  EXPECT_THAT(DefaultThresholds("b3"), ElementsAre(2100, 4300, 6400, 7700, 8200));  // of 8595
  EXPECT_THAT(DefaultThresholds("my_tasks.reach.make"), ElementsAre());
  v1::EnvironmentOptions five;
  five.set_arms(5);
  five.set_horizon(10);
  EXPECT_THAT(DefaultThresholds("bandit", five), ElementsAre(5.8, 6.6, 7.4, 7.9, 8.1));  // from 4.96 to 8.26
  // As many digits as keep them apart, where 90 and 95 % are one number with two.
  for (uint32_t horizon = 11; horizon < 60; ++horizon) {
    five.set_horizon(horizon);
    const std::vector<double> thresholds = DefaultThresholds("bandit", five);
    EXPECT_EQ(std::adjacent_find(thresholds.begin(), thresholds.end(), std::greater_equal<>()), thresholds.end())
        << ::testing::PrintToString(thresholds);
  }
}

TEST(WriteUntil, LeavesCellsEmptyWhereTheReturnWasNotReached) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = {MakeUpdates(folder, "a", 1, {10, 30}), MakeUpdates(folder, "b", 2, {30, 30, 50})};
  const std::string out = folder.path();
  ASSERT_TRUE(WriteUntil(runs, {30, 50, 60}, out).ok());
  EXPECT_EQ(nmn::testing::ReadFile(out + "/until.csv"),
            absl::StrCat("run,arch,preset,seed,threshold,update,sample_passes,wall_seconds\n",  //
                         "\"", runs[0].path, "\",NMN,fast,1,30,2,13000,4\n",                    //
                         "\"", runs[0].path, "\",NMN,fast,1,50,,,\n",                           //
                         "\"", runs[0].path, "\",NMN,fast,1,60,,,\n",                           //
                         "\"", runs[1].path, "\",NMN,fast,2,30,1,5000,2\n",                     //
                         "\"", runs[1].path, "\",NMN,fast,2,50,3,22500,6\n",                    //
                         "\"", runs[1].path, "\",NMN,fast,2,60,,,\n"));
  EXPECT_EQ(nmn::testing::ReadFile(out + "/until_median.csv"),
            "curve,arch,preset,runs,threshold,reached,update_median,sample_passes_median,wall_seconds_median\n"
            "\"NMN, fast, 2 seeds\",NMN,fast,2,30,2,1.5,9000,3\n"
            "\"NMN, fast, 2 seeds\",NMN,fast,2,50,1,,,\n"
            "\"NMN, fast, 2 seeds\",NMN,fast,2,60,0,,,\n");
}

TEST(UntilTable, HasARowForTheMedianOfSeveralRunsOnly) {
  nmn::testing::TemporaryDirectory folder;
  const TrainingRun a = MakeUpdates(folder, "a", 1, {10, 30}), b = MakeUpdates(folder, "b", 2, {30});
  EXPECT_THAT(UntilTable({a, b}, {30, 50}), HasSubstr("median of NMN, fast, 2 seeds  1.5: 0.0 M, 3.0 s   -\n"));
  EXPECT_THAT(UntilTable({a}, {30}), Not(HasSubstr("median")));
}

TEST(UntilTable, ItsTitlesTellThresholdsApart) {
  nmn::testing::TemporaryDirectory folder;
  const TrainingRun a = MakeUpdates(folder, "a", 1, {10, 30});
  EXPECT_THAT(UntilTable({a}, {30, 50.25}), ContainsRegex("run +30 +50\\.25\n"));
  EXPECT_THAT(UntilTable({a}, {1234567.25, 1234567.375}), ContainsRegex("run +1234567\\.2 +1234567\\.4\n"));
  EXPECT_THAT(UntilTable({a}, {30, 30}), ContainsRegex("run +30 +30\n"));
}

TEST(PhaseMilliseconds, FollowAnUpdateAndPutUnknownPhasesLast) {
  const Phases phases{2, 10, {{"critic", 2}, {"collect", 1}, {"anew", 0.5}, {"record", 0.1}}};
  EXPECT_THAT(PhaseMilliseconds(phases),
              ElementsAre(Pair("collect", 500), Pair("critic", 1000), Pair("record", 50), Pair("anew", 250)));
}

constexpr char kSummary[] =
    "{\"updates\": 4, \"wall_seconds\": 2, \"phase_seconds\": {\"collect\": 0.5, \"policy\": 1, \"critic\": 0.4}}";

TEST(WritePhases, GivesEachPhaseAnUpdateAndItsShareOfTheWallTime) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = {MakeUpdates(folder, "a", 1, {10}, kSummary), MakeUpdates(folder, "going_on", 2, {10})};
  const std::string out = folder.path(), run = absl::StrCat("\"", runs[0].path, "\",4,");
  ASSERT_TRUE(WritePhases(runs, out).ok());
  const absl::Status status = DrawPhases(runs, {}, out);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(nmn::testing::ReadFile(out + "/phases.csv"),
            absl::StrCat("run,updates,phase,seconds,ms_per_update,percent_of_wall\n",  //
                         run, "collect,0.5,125,25\n", run, "policy,1,250,50\n",        //
                         run, "critic,0.4,100,20\n", run, "start_and_end,0.1,25,5\n", run, "wall,2,500,100\n"));
  const std::string svg = nmn::testing::ReadFile(out + "/phases.svg");
  EXPECT_THAT(svg, HasSubstr("Moving target: where an update's time goes"));
  EXPECT_THAT(svg, HasSubstr("NMN, fast, seed 1"));
  EXPECT_THAT(svg, HasSubstr("wall time"));
  EXPECT_THAT(nmn::testing::ReadFile(out + "/phases.png"), StartsWith("\x89PNG"));
}

TEST(WritePhases, WritesNothingBeforeARunHasASummary) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = {MakeUpdates(folder, "a", 1, {10})};
  std::filesystem::create_directories(folder.path() + "/out");
  ASSERT_TRUE(WritePhases(runs, folder.path() + "/out").ok());
  ASSERT_TRUE(DrawPhases(runs, {}, folder.path() + "/out").ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() + "/out"));
}

TEST(PhasesTable, SaysWhenPhasesRanSideBySide) {
  nmn::testing::TemporaryDirectory folder;
  const TrainingRun apart = MakeUpdates(folder, "a", 1, {10}, kSummary);
  EXPECT_THAT(PhasesTable({apart}),
              AllOf(HasSubstr("   start_and_end"), HasSubstr("25.00   5 %"), HasSubstr("500.00    500.00 100 %")));
  EXPECT_THAT(PhasesTable({apart}), Not(HasSubstr("side by side")));
  const TrainingRun beside = MakeUpdates(folder, "b", 1, {10},
                                         "{\"updates\": 4, \"wall_seconds\": 2, \"phase_seconds\": {\"policy\": 1.5, "
                                         "\"critic\": 1.5}}");
  EXPECT_THAT(PhasesTable({beside}), AllOf(HasSubstr("500.00    750.00 150 %"), Not(HasSubstr("start_and_end"))));
  EXPECT_THAT(PhasesTable({beside}), HasSubstr("ran side by side"));
}

}  // namespace
}  // namespace nmn::report
