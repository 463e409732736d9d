#include "learner/metrics/training_metrics.h"

#include <gmock/gmock.h>

#include <cmath>

#include "common/config/config.h"
#include "tests/unit/learner/metrics/samples.h"

namespace nmn::metrics {
namespace {

using testing::Samples;

class TrainingMetricsTest : public ::testing::Test {
 protected:
  double Value(const std::string& series) { return Samples(registry_).at(series); }
  void Update(const ppo::UpdateReport& report = {}, double wait = 1, double seconds = 4) {
    MetricsRecord record;
    record.update = ++update_;
    record.return_mean = 100;
    record.wait_seconds = wait;
    record.adaptation = {{0, -5}, {1, 2}, {1399, 9}};
    record.report = report;
    metrics_.OnUpdate(record, {.episodes = 50, .environment_steps = 70000, .seconds = seconds, .kl_target = 0.003});
  }

  prometheus::Registry registry_;
  TrainingMetrics metrics_{registry_, *config::Preset("fast", "b1", "nmn"), "b1-fast"};
  uint32_t update_ = 0;
};

ppo::UpdateReport Reverted() {
  ppo::UpdateReport report;
  report.reverted = true;
  return report;
}

TEST_F(TrainingMetricsTest, SayWhichRunItIs) {
  EXPECT_EQ(Value("nmn_run_info{arch=\"nmn\",benchmark=\"b1\",preset=\"fast\",run=\"b1-fast\",seed=\"1\"}"), 1);
  EXPECT_EQ(Value("nmn_run_budget_updates"), config::BudgetUpdates(*config::Preset("fast", "b1", "nmn")));
}

TEST(TrainingMetricsLabels, ADirectoryMayHaveAnyBytes) {
  prometheus::Registry registry;
  const TrainingMetrics metrics(registry, *config::Preset("fast", "b1", "nmn"), "caf\xE9");
  EXPECT_TRUE(Samples(registry).contains(
      "nmn_run_info{arch=\"nmn\",benchmark=\"b1\",preset=\"fast\",run=\"caf\xEF\xBF\xBD\",seed=\"1\"}"));
}

TEST_F(TrainingMetricsTest, CountThisProcessAndShowTheRun) {
  metrics_.Begin(10, 0);
  update_ = 10;
  Update();
  Update();
  EXPECT_EQ(Value("nmn_updates_total"), 2);
  EXPECT_EQ(Value("nmn_episodes_total"), 100);
  EXPECT_EQ(Value("nmn_environment_steps_total"), 140000);
  EXPECT_EQ(Value("nmn_run_updates"), 12);
  EXPECT_EQ(Value("nmn_return_mean"), 100);
  EXPECT_EQ(Value("nmn_kl_target"), 0.003);
  EXPECT_EQ(Value("nmn_update_duration_seconds_count"), 2);
}

TEST_F(TrainingMetricsTest, ShowTheLastEvaluationAndCountThem) {
  Update();
  EXPECT_EQ(Value("nmn_evaluations_total"), 0);
  MetricsRecord record;
  record.evaluation.emplace().set_discounted_mean(12);
  record.evaluation->set_return_mean(34);
  metrics_.OnUpdate(record, {.seconds = 1});
  Update();
  EXPECT_EQ(Value("nmn_evaluations_total"), 1);
  EXPECT_EQ(Value("nmn_evaluation_discounted_return_mean"), 12);
  EXPECT_EQ(Value("nmn_evaluation_return_mean"), 34);
}

TEST_F(TrainingMetricsTest, ShowAdaptationByStep) {
  Update();
  EXPECT_EQ(Value("nmn_adaptation_reward_mean{step=\"0\"}"), -5);
  EXPECT_EQ(Value("nmn_adaptation_reward_mean{step=\"1\"}"), 2);
  EXPECT_EQ(Value("nmn_adaptation_reward_mean{step=\"last\"}"), 9);
  EXPECT_EQ(Value("nmn_adaptation_reward_mean{step=\"10\"}"), 0);  // the episode has none
}

TEST_F(TrainingMetricsTest, ShowTheTrialsThatTheLastUpdateHad) {
  MetricsRecord record;
  record.trials_per_episode = 2.5;
  record.trials = {{"1", {.episodes = 50, .mean = 7}}, {"5", {.episodes = 2, .mean = 9}}};
  metrics_.OnUpdate(record, {.seconds = 1});
  EXPECT_EQ(Value("nmn_trials_per_episode_mean"), 2.5);
  EXPECT_EQ(Value("nmn_trial_return_mean{trial=\"1\"}"), 7);
  EXPECT_EQ(Value("nmn_trial_return_mean{trial=\"5\"}"), 9);
  EXPECT_EQ(Value("nmn_trial_episodes{trial=\"5\"}"), 2);
  record.trials.pop_back();
  metrics_.OnUpdate(record, {.seconds = 1});
  EXPECT_EQ(Value("nmn_trial_episodes{trial=\"5\"}"), 0);
  EXPECT_TRUE(std::isnan(Value("nmn_trial_return_mean{trial=\"5\"}")));
}

TEST_F(TrainingMetricsTest, HaveTheOptimumOnlyWhereItIsKnown) {
  EXPECT_EQ(Value("nmn_discounted_return_optimum"), 4696.8);
  v1::RunConfig config = *config::Preset("fast", "b1", "nmn");
  config.mutable_env()->set_horizon(100);
  prometheus::Registry registry;
  const TrainingMetrics metrics(registry, config, "short");
  EXPECT_FALSE(Samples(registry).contains("nmn_discounted_return_optimum"));
}

TEST_F(TrainingMetricsTest, CountRevertsInARowOverARestart) {
  metrics_.Begin(3, 2);
  Update(Reverted());
  EXPECT_EQ(Value("nmn_policy_consecutive_reverts"), 3);
  EXPECT_EQ(Value("nmn_policy_updates_reverted_total"), 1);
  Update();
  EXPECT_EQ(Value("nmn_policy_consecutive_reverts"), 0);
}

TEST_F(TrainingMetricsTest, CountUpdatesThatAreNotFinite) {
  ppo::UpdateReport report;
  report.kl = std::nan("");
  Update(report);
  metrics_.OnNonFinite();
  EXPECT_EQ(Value("nmn_nonfinite_updates_total"), 2);
}

TEST_F(TrainingMetricsTest, TellWhoIsTheBottleneckOverTheLastUpdates) {
  Update({}, 1, 4);
  EXPECT_DOUBLE_EQ(Value("nmn_learner_busy_ratio"), 0.75);
  for (int i = 0; i < 10; ++i) Update({}, 4, 4);
  EXPECT_DOUBLE_EQ(Value("nmn_learner_busy_ratio"), 0);
}

TEST_F(TrainingMetricsTest, SumTimeByPhase) {
  metrics_.AddPhase("collect", 1.5);
  metrics_.AddPhase("collect", 1);
  EXPECT_EQ(Value("nmn_phase_seconds_total{phase=\"collect\"}"), 2.5);
  EXPECT_EQ(Value("nmn_phase_seconds_total{phase=\"checkpoint\"}"), 0);
}

}  // namespace
}  // namespace nmn::metrics
