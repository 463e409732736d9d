// nmn report's adaptation within an episode and over trials.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "actor/play/evaluation.h"
#include "cli/player.h"
#include "cli/report/adaptation.h"
#include "cli/report/statistics.h"
#include "cli/report/trials.h"
#include "tests/unit/cli/policy_fixture.h"
#include "tests/unit/cli/report_fixture.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShownSteps, AreTheFirstHundredThenEverFewerAndTheLast) {
  EXPECT_THAT(ShownSteps(1), ElementsAre(0));
  EXPECT_THAT(ShownSteps(3), ElementsAre(0, 1, 2));
  const std::vector<uint32_t> steps = ShownSteps(1400);
  for (uint32_t step = 0; step <= 100; ++step) EXPECT_EQ(steps[step], step);
  EXPECT_EQ(steps.back(), 1399u);
  EXPECT_LT(steps.size(), 160u);
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
}

TEST(Adaptation, ComparesTheFirstEpisodesWithTheLastWhereNothingIsPlayed) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 2000, 0)});
  const Adaptation adaptation{runs, GroupRuns(runs, false), {}, {std::nullopt}};
  ASSERT_TRUE(WriteAdaptation(adaptation, folder.path()).ok());
  // Step 1's reward is 1, 3, 5 .. over the updates; 500 updates are 1000 episodes.
  const std::string curve = "\"NMN, reference, seed 1\",NMN,reference,1,";
  EXPECT_EQ(nmn::testing::ReadFile(folder.path() + "/adaptation.csv"),
            "curve,arch,preset,runs,episodes,step,reward_mean,reward_std,reward_low,reward_high\n" +  //
                curve + "first,0,-5,0,-5,-5\n" + curve + "first,1,500,0,500,500\n" +                  //
                curve + "first,1399,9,0,9,9\n" + curve + "last,0,-5,0,-5,-5\n" +                      //
                curve + "last,1,1500,0,1500,1500\n" + curve + "last,1399,9,0,9,9\n");
  const absl::Status drawn = DrawAdaptation(adaptation, folder.path());
  ASSERT_TRUE(drawn.ok()) << drawn;
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/adaptation.svg"),
              AllOf(HasSubstr("reward within an episode"), HasSubstr("last 1000 training episodes")));
}

TEST(Trials, AreTheReturnsByNumberOverThoseThatCompletedThem) {
  nmn::testing::TemporaryDirectory folder;
  const std::string run = cli::MakeRun(folder, "a", 1, 4, 0);
  nmn::testing::WriteFile(
      run + "/metrics.jsonl",
      "{\"update\": 1, \"trials\": {\"1\": {\"return_mean\": 2, \"episodes\": 2}, \"2\": {\"return_mean\": 4, "
      "\"episodes\": 1}, \"last\": {\"return_mean\": 3, \"episodes\": 2}}}\n"
      "{\"update\": 2, \"trials\": {\"1\": {\"return_mean\": 3, \"episodes\": 2}, \"2\": {\"return_mean\": 8, "
      "\"episodes\": 3}, \"cut\": {\"return_mean\": 1, \"episodes\": 1}}}\n");
  const Runs runs = ReadRuns({run});
  RewardByStep played{10, {0, 5}, {1, 1}};
  played.trials.emplace().trials = {{.episodes = 9, .mean = 6, .standard_error = 0.5}};
  Options options;
  options.band = Band::kStandardError;
  options.style.formats = {"svg"};
  const Adaptation adaptation{runs, GroupRuns(runs, false), options, {played}};
  ASSERT_TRUE(HasTrials(adaptation));
  ASSERT_TRUE(WriteTrials(adaptation, folder.path()).ok());
  const std::string curve = "\"NMN, reference, seed 1\",NMN,reference,1,";
  EXPECT_EQ(nmn::testing::ReadFile(folder.path() + "/trials.csv"),
            "curve,arch,preset,runs,episodes,trial,completed,return_mean,return_std,return_low,return_high\n" +  //
                curve + "first,1,4,2.5,0,2.5,2.5\n" + curve + "first,2,4,7,0,7,7\n" +                            //
                curve + "last,1,4,2.5,0,2.5,2.5\n" + curve + "last,2,4,7,0,7,7\n" +                              //
                curve + "played,1,9,6,1.5,5.5,6.5\n");
  ASSERT_TRUE(DrawTrials(adaptation, folder.path()).ok());
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/trials.svg"), HasSubstr("trial within the episode"));
  const Runs none = ReadRuns({cli::MakeRun(folder, "b", 1, 4, 0)});
  EXPECT_FALSE(HasTrials({none, GroupRuns(none, false), options, {std::nullopt}}));
}

TEST(Adaptation, TheLegendHasTheEpisodesThatThereAre) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 300, 0), cli::MakeRun(folder, "b", 2, 200, 0)});
  ASSERT_TRUE(DrawAdaptation({runs, GroupRuns(runs, false), {}, {std::nullopt, std::nullopt}}, folder.path()).ok());
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/adaptation.svg"),
              HasSubstr("first 200 to 300 training episodes"));
  const Runs one = {runs[1]};
  ASSERT_TRUE(DrawAdaptation({one, GroupRuns(one, false), {}, {std::nullopt}}, folder.path()).ok());
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/adaptation.svg"), HasSubstr(": first 200 training episodes"));
}

TEST(Adaptation, LearnedPoliciesOfOneArchitectureDifferInTheirDashes) {
  nmn::testing::TemporaryDirectory folder;
  const Runs runs = ReadRuns({cli::MakeRun(folder, "a", 1, 4, 0, "b1", "trace_decay: 0.9"),
                              cli::MakeRun(folder, "b", 1, 4, 0, "b1", "trace_decay: 0.95")});
  const RewardByStep whole{10, {0, 5}, {1, 1}}, dashed{10, {1, 2}, {1, 1}};
  Options options;
  options.style.formats = {"svg"};
  const std::string dash = "stroke-dasharray='12.0,5.0'", svg = folder.path() + "/adaptation.svg";
  ASSERT_TRUE(DrawAdaptation({runs, GroupRuns(runs, false), options, {whole, std::nullopt}}, folder.path()).ok());
  EXPECT_THAT(nmn::testing::ReadFile(svg), Not(HasSubstr(dash)));
  ASSERT_TRUE(DrawAdaptation({runs, GroupRuns(runs, false), options, {whole, dashed}}, folder.path()).ok());
  EXPECT_THAT(nmn::testing::ReadFile(svg), HasSubstr(dash));
}

TEST(Adaptation, OfAPolicyThatIsPlayedHasEveryStepAndItsSpread) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  nmn::testing::WriteFile(path + "/policy.safetensors",
                          cli::Encode(cli::MakePolicy("reference", "b1", "nmn", {"env.horizon=50"})));
  const Runs runs = ReadRuns({path});
  const absl::StatusOr<RewardByStep> played = PlayRun(runs[0], 300);  // more than a batch
  ASSERT_TRUE(played.ok()) << played.status();
  ASSERT_EQ(played->mean.size(), 50u);
  cli::PolicyFlags flags;
  flags.policy = path;
  const auto player = cli::MakePlayer(*cli::ChoosePolicy(flags), flags, 300).value();
  const play::PlayedBatch batch = player->Play(0, 300).value();  // as nmn eval plays them
  for (size_t step : {0u, 1u, 49u}) {
    std::vector<double> rewards;
    for (size_t lane = 0; lane < 300; ++lane) rewards.push_back(batch.trajectories.reward()(step, lane));
    EXPECT_NEAR(played->mean[step], Mean(rewards), 1e-9);
    EXPECT_NEAR(played->deviation[step], Deviation(rewards), 1e-9);
  }
  const Adaptation adaptation{runs, GroupRuns(runs, false), {.band = Band::kStandardError}, {*played}};
  ASSERT_TRUE(WriteAdaptation(adaptation, folder.path()).ok());
  const std::string csv = nmn::testing::ReadFile(folder.path() + "/adaptation.csv");
  for (int step : {0, 1, 17, 49}) EXPECT_THAT(csv, HasSubstr(",1,played," + std::to_string(step) + ","));
  const absl::Status drawn = DrawAdaptation(adaptation, folder.path());
  ASSERT_TRUE(drawn.ok()) << drawn;
  EXPECT_THAT(nmn::testing::ReadFile(folder.path() + "/adaptation.svg"), HasSubstr("learned policy, 300 episodes"));
}

}  // namespace
}  // namespace nmn::report
