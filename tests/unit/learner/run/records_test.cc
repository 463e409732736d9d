#include "learner/run/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "learner/metrics/live_run.h"
#include "tests/unit/learner/run/records_fixture.h"

namespace nmn::run {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::Pair;

TEST(MetricsLine, IsOneLineOfJsonThatBeginsWithItsUpdate) {
  const std::string line = MetricsLine(ExampleMetrics(4));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_TRUE(line.starts_with("{\"update\":4,\"wall_seconds\":6.0,")) << line;
}

TEST(MetricsLine, HoldsEveryNumberUnderItsName) {
  const json line = json::parse(MetricsLine(ExampleMetrics(4)));
  EXPECT_TRUE(line["update"].is_number_integer());
  EXPECT_EQ(line["episodes"], 12);
  EXPECT_EQ(line["environment_steps"], 48000);
  EXPECT_EQ(line["return_mean"], -10.25);
  EXPECT_EQ(line["return_sd"], 0.1);
  EXPECT_EQ(line["discounted_mean"], -3);
  EXPECT_EQ(line["discounted_last_1000"], -4);
  EXPECT_EQ(line["kl"], 0.003);
  EXPECT_EQ(line["reverted"], true);
  EXPECT_EQ(line["measures"], (json{{"hits", 2.5}}));
  EXPECT_EQ(line["adaptation"], (json{{"0", -2}, {"10", 0.5}, {"3999", 1}}));
  EXPECT_EQ(line["phase_seconds"], (json{{"critic", 0.5}, {"policy", 0.25}}));
  for (const char* name :
       {"policy_loss", "critic_loss", "beta", "rate_multiplier", "policy_learning_rate", "critic_learning_rate",
        "entropy", "mean_deviation", "explained_variance", "policy_gradient_norm", "critic_gradient_norm",
        "steps_per_second", "wait_seconds", "policy_lag_mean", "policy_lag_max"}) {
    EXPECT_TRUE(line.contains(name) && line[name].is_number()) << name;
  }
}

// What the live page shows of these updates.
json Shown(metrics::UpdateHistory history) {
  metrics::LiveRun run(v1::RunConfig(), "run");
  run.Restore(std::move(history));
  const json all = json::parse(run.Json());
  return {all["history"], all["evaluations"], all["adaptation"]};
}

// Updates with trials, every tenth with an evaluation.
metrics::MetricsRecord Varied(uint32_t update) {
  metrics::MetricsRecord metrics = ExampleMetrics(update);
  metrics.return_mean = 1.0 / update;
  metrics.trials = {{"1", {.episodes = 50, .mean = 2.5 * update}}, {"cut", {.episodes = 3, .mean = -1}}};
  metrics.trials_per_episode = 1.5;
  if (update % 10 == 0) {
    metrics.evaluation.emplace();
    metrics.evaluation->set_update(update);
    metrics.evaluation->set_episodes(20);
    metrics.evaluation->set_return_mean(3.0 / update);
    metrics.evaluation->set_discounted_mean(0.1 * update);
  }
  return metrics;
}

TEST(ReadHistory, OfAResumedRunIsThatOfOneThatNeverStopped) {
  std::string lines;
  metrics::UpdateHistory watched;
  for (uint32_t update = 1; update <= 2345; ++update) {
    const metrics::MetricsRecord metrics = Varied(update);
    lines += MetricsLine(metrics);
    watched.Add(metrics::RowOf(metrics));
    if (update == 7 || update == 1001 || update == 2345) {
      EXPECT_EQ(Shown(ReadHistory(lines)), Shown(watched)) << update;
    }
  }
}

TEST(ReadHistory, HasTheNumbersOfTheFile) {
  const std::string line = MetricsLine(Varied(10));
  const json shown = Shown(ReadHistory(line));
  const json parsed = json::parse(line);
  for (const auto& [field, value] : parsed.items()) {
    if (!value.is_object()) {
      EXPECT_EQ(shown[0][field], json::array({value})) << field;
    }
  }
  EXPECT_EQ(shown[1]["return_mean"], json::array({3.0 / 10}));
  EXPECT_EQ(shown[2][0]["steps"], parsed["adaptation"]);
  EXPECT_EQ(shown[2][0]["trials"], (json{{"1", 25.0}, {"cut", -1.0}}));
}

TEST(ReadHistory, LeavesOutWhatIsNoLineOfOurs) {
  const std::string first = MetricsLine(ExampleMetrics(1)), second = MetricsLine(ExampleMetrics(2));
  const json whole = Shown(ReadHistory(first + second));
  EXPECT_EQ(Shown(ReadHistory(first + "\n[1]\n{\"update\":1,\n" + first + "{\"update\":-3}\n\xff\n" + second)), whole);
  EXPECT_EQ(Shown(ReadHistory(first + second.substr(0, second.size() - 1))), whole);
  EXPECT_EQ(Shown(ReadHistory(first + second.substr(0, second.size() / 2))), Shown(ReadHistory(first)));
  EXPECT_TRUE(ReadHistory("").rows().numbered().empty());
}

TEST(ReadHistory, AValueOfAnotherKindIsNone) {
  const json shown =
      Shown(ReadHistory("{\"update\":1,\"kl\":\"x\",\"adaptation\":7,\"trials\":[[1]],\"evaluation\":[]}\n"));
  EXPECT_EQ(shown[0]["kl"], json::array({nullptr}));
  EXPECT_EQ(shown[0]["episodes"], json::array({nullptr}));
  EXPECT_EQ(shown[1]["update"], json::array());
}

TEST(Records, OfATaskWithTrialsHaveThem) {
  metrics::MetricsRecord metrics = ExampleMetrics(4);
  EXPECT_FALSE(json::parse(MetricsLine(metrics)).contains("trials"));
  metrics.trials_per_episode = 1.5;
  metrics.trials = {{"1", {.episodes = 50, .mean = 2.5}}, {"cut", {.episodes = 3, .mean = -1}}};
  const json line = json::parse(MetricsLine(metrics));
  EXPECT_EQ(line["trials_per_episode"], 1.5);
  EXPECT_EQ(line["trials"],
            (json{{"1", {{"return_mean", 2.5}, {"episodes", 50}}}, {"cut", {{"return_mean", -1}, {"episodes", 3}}}}));
  EXPECT_THAT(EventScalars(metrics), Contains(Pair("trials/return_of_cut", -1)));
  EpisodeRows rows{.update = 3, .raw = {6, 4}, .discounted = {5, 3}, .measure_names = {}, .measures = {}};
  EXPECT_EQ(EpisodesHeader(rows), "update,episode,return,discounted_return\n");
  rows.trials = {{.completed = 2, .first = 1.5, .last = 4.5, .cut = {}}, {.cut = 4}};
  EXPECT_EQ(EpisodesHeader(rows),
            "update,episode,return,discounted_return,trials,first_trial_return,last_trial_return,cut_trial_return\n");
  EXPECT_EQ(EpisodesLines(rows), "3,0,6,5,2,1.5,4.5,\n3,1,4,3,0,,,4\n");
}

v1::EvaluationRecord ExampleEvaluation() {
  v1::EvaluationRecord evaluation;
  evaluation.set_update(4);
  evaluation.set_episodes(50);
  evaluation.set_return_mean(-2.5);
  evaluation.set_return_sem(0.5);
  evaluation.set_discounted_mean(-1.5);
  evaluation.set_discounted_sem(0.25);
  return evaluation;
}

const json kEvaluation = {{"update", 4},       {"episodes", 50},          {"return_mean", -2.5},
                          {"return_sem", 0.5}, {"discounted_mean", -1.5}, {"discounted_sem", 0.25}};

TEST(MetricsLine, HasAnEvaluationWhereThereWasOne) {
  metrics::MetricsRecord metrics = ExampleMetrics(4);
  EXPECT_FALSE(json::parse(MetricsLine(metrics)).contains("evaluation"));
  metrics.evaluation = ExampleEvaluation();
  EXPECT_EQ(json::parse(MetricsLine(metrics))["evaluation"], kEvaluation);
  EXPECT_THAT(EventScalars(metrics), Contains(Pair("eval/discounted_return", -1.5)));
}

TEST(MetricsLine, NumbersThatAreNotFiniteAreNull) {
  metrics::MetricsRecord metrics = ExampleMetrics(1);
  metrics.report.critic_loss = std::numeric_limits<double>::infinity();
  metrics.adaptation[0].second = std::nan("");
  const json line = json::parse(MetricsLine(metrics));
  EXPECT_TRUE(line["clip_fraction"].is_null());
  EXPECT_TRUE(line["critic_loss"].is_null());
  EXPECT_TRUE(line["adaptation"]["0"].is_null());
}

TEST(EpisodesLines, AreRowsOfShortestNumbersUnderTheirHeader) {
  EXPECT_EQ(EpisodesHeader(ExampleEpisodes(4)), "update,episode,return,discounted_return,hits\n");
  EXPECT_EQ(EpisodesLines(ExampleEpisodes(4)), "4,0,-10.25,-1,2\n4,1,0.1,0.05,0\n4,2,3,2,7\n");
}

TEST(EventScalars, CarryCleanRlsTagsOnceEachAndNoNaN) {
  const auto scalars = EventScalars(ExampleMetrics(4));
  std::set<std::string> tags;
  for (const auto& [tag, value] : scalars) {
    EXPECT_TRUE(tags.insert(tag).second) << tag;
    EXPECT_TRUE(std::isfinite(value)) << tag;
  }
  for (const char* tag : {"charts/episodic_return", "charts/SPS", "charts/learning_rate", "losses/policy_loss",
                          "losses/value_loss", "losses/approx_kl", "losses/entropy", "losses/explained_variance"}) {
    EXPECT_TRUE(tags.contains(tag)) << tag;
  }
  EXPECT_FALSE(tags.contains("losses/clipfrac"));
  EXPECT_THAT(scalars, Contains(Pair("measures/hits", 2.5)));
  EXPECT_THAT(scalars, Contains(Pair("adaptation/reward_at_step_10", 0.5)));
}

TEST(SummaryText, HoldsWhatIdentifiesARunAndHowItEnded) {
  Summary summary;
  summary.run_id = "id";
  summary.build.set_version("0.1.0");
  summary.config = *config::Preset("fast", "b3", "rnn");
  summary.config.set_seed(18446744073709551615u);
  summary.updates = 2;
  summary.episodes = 100;
  summary.final_return_mean = 3.5;
  summary.final_discounted_mean = std::nan("");
  summary.wall_seconds = 9.5;
  summary.phase_seconds = {{"policy", 1}};
  summary.weights_sha256 = "ab";
  summary.complete = true;
  summary.checkpoint_update = 1;
  summary.ended_by = "budget";
  json read = json::parse(SummaryText(summary));
  for (const char* name : {"last_evaluation", "best_evaluation", "init"}) EXPECT_FALSE(read.contains(name)) << name;
  summary.last_evaluation = summary.best_evaluation = ExampleEvaluation();
  summary.lineage.emplace().set_source("runs/a");
  summary.lineage->add_taken("actor.head.bias");
  read = json::parse(SummaryText(summary));
  EXPECT_EQ(read["ended_by"], "budget");
  EXPECT_EQ(read["last_evaluation"], kEvaluation);
  EXPECT_EQ(read["best_evaluation"], kEvaluation);
  EXPECT_EQ(read["init"]["source"], "runs/a");
  EXPECT_EQ(read["init"]["taken"], json({"actor.head.bias"}));
  EXPECT_EQ(read["init"]["left"], json::array());
  EXPECT_EQ(read["run_id"], "id");
  EXPECT_EQ(read["benchmark"], "b3");
  EXPECT_EQ(read["arch"], "rnn");
  EXPECT_EQ(read["preset"], "fast");
  EXPECT_EQ(read["seed"], 18446744073709551615u);
  EXPECT_EQ(read["config_hash"], Hex(config::Hash(summary.config)));
  EXPECT_EQ(read["build"]["version"], "0.1.0");
  EXPECT_EQ(read["updates"], 2);
  EXPECT_EQ(read["episodes"], 100);
  EXPECT_EQ(read["final_return_mean"], 3.5);
  EXPECT_TRUE(read["final_discounted_mean"].is_null());
  EXPECT_EQ(read["wall_seconds"], 9.5);
  EXPECT_EQ(read["phase_seconds"]["policy"], 1);
  EXPECT_EQ(read["weights_sha256"], "ab");
  EXPECT_EQ(read["checkpoint_update"], 1);
  EXPECT_EQ(read["complete"], true);
}

}  // namespace
}  // namespace nmn::run
