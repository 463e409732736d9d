// The parts of `nmn reproduce`: where policies are, how long runs take, and the statistics of their scores.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/reproduce/estimate.h"
#include "cli/reproduce/learning.h"
#include "cli/reproduce/policies.h"
#include "common/config/config.h"
#include "tests/support/subprocess.h"

namespace nmn::reproduce {
namespace {

using ::nmn::testing::TemporaryDirectory;
using ::nmn::testing::WriteFile;
using ::testing::HasSubstr;

TEST(FindPolicy, TakesTheFirstFolderThatHasItAndNamesThemAll) {
  const TemporaryDirectory folder;
  std::filesystem::create_directories(folder.path() + "/b");
  WriteFile(folder.path() + "/b/b1-nmn.safetensors", "x");
  const std::vector<std::string> folders = {folder.path() + "/a", folder.path() + "/b"};
  EXPECT_EQ(FindPolicyIn(folders, "b1", "nmn").value(), folder.path() + "/b/b1-nmn.safetensors");
  const absl::Status missing = FindPolicyIn(folders, "b2", "rnn").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()),
              ::testing::AllOf(HasSubstr("b2-rnn.safetensors"), HasSubstr("/a or "), HasSubstr("--policy")));
}

TEST(Estimate, IsTheWorkDividedAmongTheJobsButNoLessThanTheLongestRun) {
  const std::vector<Work> work = {{"b1-nmn", 4, 400, 100, 0.5}, {"b2-nmn", 1, 300, 300, 2}};
  EXPECT_DOUBLE_EQ(SecondsOf(work, 1), 800);
  EXPECT_DOUBLE_EQ(SecondsOf(work, 2), 600);  // the run of b2 alone
  EXPECT_THAT(Describe(work, 2), HasSubstr("5 runs left, 2 at once: about 10:00"));
}

// A sweep of two seeds of each architecture whose runs have this many updates of 2 episodes and took so long.
class MadeSweep {
 public:
  MadeSweep() {
    sweep::GridRequest grid;
    grid.benchmarks = {"b1", "b3"};
    grid.architectures = {"nmn", "rnn"};
    grid.seeds = "1-5";
    grid.preset = "fast";
    grid.updates = 30;
    grid.assignments = {"ppo.episodes_per_update=10", "work.unit_episodes=5", "ppo.policy.minibatch_segments=10",
                        "ppo.critic.minibatch_segments=10", "ppo.critic.replay_episodes=10"};
    sweep = sweep::Open(folder_.path() + "/sweep", grid, {}).value().sweep;
    EXPECT_TRUE(sweep::Save(sweep).ok());
  }

  // `updates` of 10 episodes, every episode's return is `value`.
  void Train(const sweep::SweepRun& run, int updates, double value, double seconds_an_update) {
    const std::string path = sweep.RunPath(run);
    std::filesystem::create_directories(path);
    WriteFile(path + "/config.textproto", config::Print(run.config));
    std::string rows = "update,episode,return,discounted_return,distance\n", metrics;
    for (int u = 1; u <= updates; ++u) {
      for (int e = 0; e < 10; ++e) rows += absl::StrFormat("%d,%d,%g,%g,0\n", u, e, value, value / 2);
      metrics += absl::StrFormat("{\"update\": %d, \"wall_seconds\": %g}\n", u, 5 + seconds_an_update * u);
    }
    WriteFile(path + "/episodes.csv", rows);
    WriteFile(path + "/metrics.jsonl", metrics);
    if (updates == 30)
      WriteFile(path + "/summary.json",
                absl::StrFormat("{\"updates\": 30, \"wall_seconds\": %g}\n", 5 + seconds_an_update * 30));
  }

  sweep::SweepDirectory sweep;

 private:
  TemporaryDirectory folder_;
};

TEST(Estimate, KnowsWhatRunsOfTheSweepTook) {
  MadeSweep made;
  EXPECT_TRUE(KnownRates(made.sweep).empty());
  made.Train(made.sweep.runs[0], 30, 1, 0.5);
  made.Train(made.sweep.runs[1], 4, 1, 2);
  const Rates known = KnownRates(made.sweep);
  ASSERT_EQ(known.size(), 1u);
  EXPECT_NEAR(known.at("b1-nmn"), (5 + 0.5 * 30) / 30, 1e-9);
  // A probe leaves out the start: 2 s an update of the second run, 0.5 of the first.
  EXPECT_NEAR(ProbedRates(made.sweep).at("b1-nmn"), 1.25, 1e-9);

  const std::vector<Work> work = WorkLeft(made.sweep, known);
  ASSERT_EQ(work.size(), 4u);
  EXPECT_EQ(work[0].kind, "b1-nmn");
  EXPECT_EQ(work[0].runs, 4u);
  EXPECT_EQ(work[0].updates, 3 * 30 + 26u);
  EXPECT_EQ(work[1].seconds_an_update, 0);  // nobody knows
}

TEST(Learning, HasTheStatisticsOfItsScores) {
  MadeSweep made;
  const TemporaryDirectory out;
  EXPECT_EQ(ReadLearning(made.sweep).status().code(), absl::StatusCode::kFailedPrecondition);
  int n = 0;
  for (const sweep::SweepRun& run : made.sweep.runs) {
    const bool nmn = run.config.network().architecture() == v1::NMN;
    made.Train(run, 30, (nmn ? 1000 : 900) + 10 * static_cast<double>(run.config.seed()), 0.1);
    ++n;
  }
  ASSERT_EQ(n, 20);
  const Learning learning = ReadLearning(made.sweep).value();
  EXPECT_TRUE(learning.notices.empty());
  ASSERT_EQ(learning.panels.size(), 2u);
  EXPECT_EQ(learning.panels[1].benchmark, "b3");
  EXPECT_EQ(learning.panels[1].steps, 1000u);  // ppo.rollout_steps of preset fast
  EXPECT_NEAR(learning.panels[1].oracle, 86306 / 5., 1e-9);
  ASSERT_EQ(learning.panels[0].methods.size(), 2u);
  const auto json = nlohmann::json::parse(ToJson(learning));
  const auto& nmn = json["panels"][0]["methods"][0];
  EXPECT_EQ(nmn["arch"], "NMN");
  EXPECT_EQ(nmn["runs"], 5);
  EXPECT_NEAR(nmn["mean"].get<double>(), 1030, 1e-9);
  EXPECT_NEAR(nmn["std"].get<double>(), 15.811388, 1e-5);
  EXPECT_NEAR(nmn["iqm"]["value"].get<double>(), 1030, 1e-9);
  EXPECT_EQ(nmn["worst"], 1010);
  const auto& claims = json["panels"][0]["nmn_against_rnn"];
  EXPECT_EQ(claims["final_improvement"]["value"], 1);
  EXPECT_EQ(claims["final_improvement"]["low"], 1);
  EXPECT_NEAR(claims["std_ratio"]["value"].get<double>(), 1, 1e-9);
  EXPECT_EQ(json["all_panels"]["area"]["improvement"]["value"], 1);
  // Five scores are 1010 .. 1050 of 14000, five of 17261.2; two are left out at either end.
  const double share = json["all_panels"]["final_return"]["NMN"]["value"].get<double>();
  EXPECT_GT(share, 1030 / 17261.2);
  EXPECT_LT(share, 1030 / 14000.);
  EXPECT_THAT(ToTable(learning), HasSubstr("P(a run of the NMN beats one of the RNN)"));
  ASSERT_TRUE(WriteLearning(learning, out.path(), "figure2").ok());
  EXPECT_THAT(nmn::testing::ReadFile(out.path() + "/figure2_scores.csv"), HasSubstr("b3,RNN,5,300,950,950\n"));
  EXPECT_THAT(nmn::testing::ReadFile(out.path() + "/figure2.csv"), HasSubstr("b1,NMN,5,300,1030,15.8114\n"));
}

TEST(Learning, LeavesOutRunsThatAreNotDoneAndSaysSo) {
  MadeSweep made;
  made.Train(made.sweep.runs[0], 30, 1, 0.1);
  made.Train(made.sweep.runs[1], 10, 1, 0.1);
  const Learning learning = ReadLearning(made.sweep).value();
  ASSERT_EQ(learning.panels.size(), 1u);
  EXPECT_EQ(learning.panels[0].methods[0].scores.size(), 1u);
  ASSERT_EQ(learning.notices.size(), 1u);
  EXPECT_THAT(learning.notices[0], HasSubstr("19 of 20 runs are not done"));
  // Too few for an interval of a ratio, and no RNN to compare with.
  EXPECT_EQ(nlohmann::json::parse(ToJson(learning))["panels"][0]["nmn_against_rnn"], nullptr);
}

TEST(DeviationRatio, NeedsFiveRunsOfEach) {
  const auto scores = [](std::vector<double> values) {
    std::vector<Score> made;
    for (const double value : values) made.push_back({1, 1000, value, value});
    return made;
  };
  EXPECT_FALSE(DeviationRatio(scores({1, 2, 3, 4}), scores({1, 2, 3, 4, 5}), &Score::area).has_value());
  EXPECT_FALSE(DeviationRatio(scores({1, 2, 3, 4, 5}), scores({7, 7, 7, 7, 7}), &Score::area).has_value());
  const Estimated ratio = DeviationRatio(scores({2, 4, 6, 8, 10}), scores({1, 2, 3, 4, 5}), &Score::area).value();
  EXPECT_NEAR(ratio.value, 2, 1e-12);
  EXPECT_LT(ratio.interval.low, 2);
  EXPECT_GT(ratio.interval.high, 2);
}

}  // namespace
}  // namespace nmn::reproduce
