// What `nmn analyse` finds in episodes, against the steps that `nmn trace` records and against rules whose figures are
// known.

#include "cli/analysis/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/analysis/output.h"
#include "cli/player.h"
#include "cli/report/statistics.h"
#include "cli/trace/recorder.h"
#include "tests/unit/cli/policy_fixture.h"

namespace nmn::analysis {
namespace {

constexpr uint32_t kEpisodes = 50;

Episodes Play(const cli::PolicyChoice& choice, const cli::PolicyFlags& flags, size_t lanes) {
  std::unique_ptr<play::Player> player = cli::MakePlayer(choice, flags, lanes).value();
  const Meaning meaning = MeaningOf(choice.config.benchmark()).value();
  return PlayEpisodes(*player, meaning, kEpisodes, lanes, [](uint32_t) {}).value();
}

cli::PolicyChoice Network(const std::string& benchmark, const std::string& architecture,
                          const std::vector<std::string>& assignments) {
  cli::PolicyChoice choice;
  choice.network = cli::MakePolicy("reference", benchmark, architecture, assignments);
  choice.config = choice.network->config;
  return choice;
}

cli::PolicyChoice Rule(const cli::PolicyChoice& like, const std::string& name) {
  cli::PolicyChoice choice;
  choice.config = like.config;
  choice.rule = name;
  return choice;
}

TEST(PlayEpisodes, FindsWhatATraceRecords) {
  const cli::PolicyFlags flags;
  for (const char* benchmark : {"b1", "b2", "b3"}) {
    const cli::PolicyChoice choice = Network(benchmark, "nmn", {"env.horizon=40"});
    const Episodes episodes = Play(choice, flags, 16);
    ASSERT_EQ(episodes.slices.size(), 5u);  // not 200
    const env::EnvironmentSpec spec = env::FindSpec(benchmark, choice.config.env()).value();
    std::unique_ptr<trace::Recorder> recorder =
        trace::Recorder::Create(spec, &*choice.network, "episode,t,task_*,reward,z*", 1).value();
    std::unique_ptr<play::Player> player = cli::MakePlayer(choice, flags, 1).value();
    const size_t first_reward = 2 + spec.task_variables.size(), first_z = first_reward + 1;
    std::vector<double> mean(40);
    std::vector<std::vector<double>> drift(40, std::vector<double>(episodes.slices[0].z.size()));
    for (uint32_t e = 0; e < kEpisodes; ++e) {
      const trace::Block block = recorder->Record(*player, e).value();
      const std::vector<float>& reward = block.values[first_reward];
      double sum = 0;
      for (uint32_t t = 0; t < 40; ++t) {
        sum += reward[t];
        mean[t] += reward[t] / double{kEpisodes};
        for (size_t k = 0; t > kSettledStep && k < drift[t].size(); ++k) {
          const double moved = double{block.values[first_z + k][t]} - double{block.values[first_z + k][kSettledStep]};
          drift[t][k] += moved * moved / kEpisodes;
        }
      }
      EXPECT_NEAR(episodes.returns[e], sum, 1e-9);
      for (const Slice& slice : episodes.slices) {
        EXPECT_EQ(slice.task[e], block.values[2][slice.t]);
        EXPECT_EQ(slice.reward[e], reward[slice.t]);
        for (size_t k = 0; k < slice.z.size(); ++k) EXPECT_EQ(slice.z[k][e], block.values[first_z + k][slice.t]);
      }
    }
    EXPECT_GT(episodes.slices[0].z.size(), 0u);
    for (uint32_t t = 0; t < 40; ++t) {
      EXPECT_NEAR(episodes.reward_mean[t], mean[t], 1e-9);
      if (t <= kSettledStep) continue;
      for (size_t k = 0; k < drift[t].size(); ++k) EXPECT_NEAR(episodes.squared_drift[t][k], drift[t][k], 1e-9);
    }
  }
}

TEST(PlayEpisodes, HasTheSameBitsForAnyNumberOfLanes) {
  const cli::PolicyChoice choice = Network("b2", "nmn", {"env.horizon=60"});
  const cli::PolicyFlags flags;
  const Episodes one = Play(choice, flags, 7), other = Play(choice, flags, kEpisodes);
  EXPECT_EQ(one.returns, other.returns);
  EXPECT_EQ(one.reward_mean, other.reward_mean);
  EXPECT_EQ(one.reward_deviation, other.reward_deviation);
  EXPECT_EQ(one.squared_drift, other.squared_drift);
  EXPECT_EQ(one.first_hit, other.first_hit);
}

TEST(Adaptation, OfWhoKnowsTheTaskIsThereAtOnce) {
  const cli::PolicyChoice network = Network("b1", "nmn", {"env.horizon=100"});
  const Adaptation oracle = AdaptationOf(Play(Rule(network, "oracle"), {}, 16));
  EXPECT_EQ(oracle.returns.mean, 1000);
  EXPECT_EQ(oracle.final_rate, 10);
  EXPECT_EQ(oracle.adapted_step, 0u);
  EXPECT_EQ(oracle.half_hit_step, 0u);
  EXPECT_EQ(oracle.most_hit_step, 0u);
  EXPECT_EQ(oracle.never_hit, 0);
  // docs/specification.md section 4.1: a hit by the third action at the latest, where the bound cuts no distance.
  const Adaptation adaptive = AdaptationOf(Play(Rule(network, "adaptive"), {}, 16));
  EXPECT_LE(*adaptive.most_hit_step, 3u);
  EXPECT_GE(*adaptive.half_hit_step, 1u);
  EXPECT_EQ(adaptive.never_hit, 0);
  const Adaptation zero = AdaptationOf(Play(Rule(network, "zero"), {}, 16));
  EXPECT_EQ(zero.adapted_step, std::nullopt);  // its rate is below 0
  EXPECT_GT(zero.never_hit, 0);
}

TEST(Regret, IsOfTheSameEpisodes) {
  const cli::PolicyChoice network = Network("b3", "nmn", {"env.horizon=80"});
  const Episodes oracle = Play(Rule(network, "oracle"), {}, 16), policy = Play(network, {}, 16);
  EXPECT_EQ(RegretAgainst(oracle, oracle).returns.mean, 0);
  EXPECT_EQ(RegretAgainst(oracle, oracle).returns.standard_error, 0);
  EXPECT_EQ(oracle.task, policy.task);
  EXPECT_NEAR(RegretAgainst(oracle, policy).returns.mean,
              AdaptationOf(oracle).returns.mean - AdaptationOf(policy).returns.mean, 1e-9);
}

// z = task + noise of a known size at step 1, only noise at step 0.
Episodes Made() {
  Episodes episodes;
  episodes.count = 200;
  for (const uint32_t t : {0u, 1u, 20u}) {
    Slice& slice = episodes.slices.emplace_back();
    slice.t = t;
    slice.z.resize(2);
    for (int i = 0; i < 200; ++i) {
      const double task = i / 2, sign = i % 2 == 0 ? -1 : 1;
      slice.task.push_back(task);
      slice.z[0].push_back(t == 0 ? 0.5 : task);
      slice.z[1].push_back(sign);
    }
  }
  episodes.squared_drift.assign(30, {});
  for (uint32_t t = kSettledStep + 1; t < 30; ++t) episodes.squared_drift[t] = {4, 0.25};
  return episodes;
}

TEST(SignalSteps, TellWhatTheTaskExplainsOfEachZAndOfAll) {
  const std::vector<SignalStep> steps = SignalSteps(Made(), MeaningOf("b1").value());
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_FALSE(steps[0].z[0].r_squared.has_value());  // the same in all episodes
  EXPECT_EQ(steps[0].best, 1u);
  EXPECT_NEAR(*steps[0].r_squared, 0, 1e-12);
  EXPECT_EQ(steps[1].best, 0u);
  EXPECT_NEAR(*steps[1].z[0].r_squared, 1, 1e-12);
  const double explained = (100.0 * 100 - 1) / 12;  // variance of 0 .. 99
  EXPECT_NEAR(*steps[1].r_squared, explained / (explained + 1), 1e-12);
}

TEST(Drift, IsAShareOfTheSpreadAtTheSettledStep) {
  const Episodes episodes = Made();
  const double spread =
      std::pow(report::Deviation(episodes.slices[2].z[0]), 2) + std::pow(report::Deviation(episodes.slices[2].z[1]), 2);
  const Drift drift = DriftOf(episodes).value();
  EXPECT_EQ(drift.t.front(), kSettledStep + 1);
  EXPECT_EQ(drift.t.back(), 29u);
  EXPECT_NEAR(drift.mean, std::sqrt(4.25 / spread), 1e-12);
  EXPECT_NEAR(drift.share[3], std::sqrt(4.25 / spread), 1e-12);
}

TEST(Drift, OfAPolicyWithoutZIsNone) {
  const Episodes episodes = Play(Network("b1", "rnn", {"env.horizon=30"}), {}, 16);
  EXPECT_FALSE(DriftOf(episodes).has_value());
  EXPECT_TRUE(SignalSteps(episodes, MeaningOf("b1").value()).empty());
}

TEST(Meaning, IsKnownOfThePapersBenchmarksAlone) {
  for (const std::string& benchmark : env::BenchmarkNames()) {
    const absl::StatusOr<Meaning> meaning = MeaningOf(benchmark);
    ASSERT_TRUE(meaning.ok()) << benchmark;
    EXPECT_EQ(meaning->task, env::FindSpec(benchmark)->task_variables[0]);
  }
  EXPECT_THAT(std::string(MeaningOf("bandit").status().message()),
              ::testing::HasSubstr("bandit; only those of the paper"));
}

}  // namespace
}  // namespace nmn::analysis
