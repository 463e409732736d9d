#include "learner/metrics/training_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/env/figures.h"
#include "common/metrics/registry.h"

namespace nmn::metrics {
namespace {

constexpr size_t kBusyUpdates = 10;  // over which the busy ratio is taken
constexpr char kLastStep[] = "last";

// Seconds; b1 of preset fast takes about 0.3 s an update, the largest network of preset paper minutes.
const std::vector<double>& DurationBuckets() {
  static const std::vector<double> buckets = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
  return buckets;
}

}  // namespace

TrainingMetrics::TrainingMetrics(prometheus::Registry& registry, const v1::RunConfig& config, const std::string& run)
    : registry_(registry) {
  const auto gauge = [&registry](const char* name, const char* help) { return &AddGauge(registry, name, help); };
  const auto counter = [&registry](const char* name, const char* help) { return &AddCounter(registry, name, help); };
  AddGauge(registry, "nmn_run_info", "Which run this process trains; always 1.",
           {{"run", run},
            {"benchmark", config.benchmark()},
            {"arch", absl::AsciiStrToLower(v1::Architecture_Name(config.network().architecture()))},
            {"preset", config.preset()},
            {"seed", absl::StrCat(config.seed())}})
      .Set(1);
  updates_ = counter("nmn_updates_total", "Updates completed by this process.");
  episodes_ = counter("nmn_episodes_total", "Episodes trained on by this process.");
  environment_steps_ = counter("nmn_environment_steps_total", "Environment steps trained on by this process.");
  run_updates_ = gauge("nmn_run_updates", "Updates completed by the run, over restarts.");
  AddGauge(registry, "nmn_run_budget_updates", "Updates after which the run is complete.")
      .Set(config::BudgetUpdates(config));
  seconds_left_ = gauge("nmn_run_seconds_left", "Estimated time until the run is complete; 0 is unknown.");

  for (const UpdateMetric& metric : UpdateMetrics()) {
    if (metric.gauge != nullptr) gauges_.emplace_back(&metric, gauge(metric.gauge, metric.help));
  }
  evaluations_ = counter("nmn_evaluations_total", "Evaluations of the policy by this process.");
  if (const std::optional<env::Optimum> optimum = env::KnownTrainingOptimum(config)) {
    AddGauge(registry, "nmn_discounted_return_optimum", "Mean discounted return of a policy that knows the task.")
        .Set(optimum->discounted);
  }
  const auto add_adaptation = [&](const std::string& step) {
    adaptation_[step] = &AddGauge(registry, "nmn_adaptation_reward_mean",
                                  "Mean reward at a step within the last update's episodes.", {{"step", step}});
  };
  for (const uint32_t step : env::kAdaptationSteps) add_adaptation(absl::StrCat(step));
  add_adaptation(kLastStep);

  if (config.task().has_trials()) {
    AddTrial("last");
    AddTrial("cut");
  }

  kl_target_ = gauge("nmn_kl_target", "KL that the last update aimed at; 0 is no control.");
  reverted_ = counter("nmn_policy_updates_reverted_total", "Policy updates taken back because of their KL.");
  consecutive_reverts_gauge_ = gauge("nmn_policy_consecutive_reverts", "Policy updates taken back in a row until now.");
  AddGauge(registry, "nmn_policy_consecutive_reverts_limit", "So many in a row end the run as diverged.")
      .Set(config.work().max_consecutive_reverts());
  nonfinite_ = counter("nmn_nonfinite_updates_total", "Updates in which a loss, a KL or a weight was not finite.");

  for (const char* phase : {"collect", "update", "evaluate", "record", "checkpoint"}) {
    phases_[phase] =
        &AddCounter(registry, "nmn_phase_seconds_total", "Time of the learner's loop by phase.", {{"phase", phase}});
  }
  update_duration_ = &AddHistogram(registry, "nmn_update_duration_seconds",
                                   "Time of an update, the wait for its batch included.", DurationBuckets());
  batch_wait_ =
      &AddHistogram(registry, "nmn_batch_wait_seconds", "Time an update waited for its episodes.", DurationBuckets());
  busy_ = gauge("nmn_learner_busy_ratio",
                "Share of the last updates' time the learner did not wait: 1 it is the bottleneck, 0 the actors are.");
  lag_ = gauge("nmn_policy_lag_versions", "Most versions an episode of the last batch was behind its update.");
  AddGauge(registry, "nmn_policy_lag_limit_versions", "Most versions an episode may be behind; 0 where none may.")
      .Set(config.mode() == v1::ASYNC ? config.async().max_lag() : 0);
}

void TrainingMetrics::Begin(uint32_t update, uint32_t consecutive_reverts) {
  run_updates_->Set(update);
  consecutive_reverts_ = consecutive_reverts;
  consecutive_reverts_gauge_->Set(consecutive_reverts);
}

void TrainingMetrics::OnUpdate(const MetricsRecord& record, const UpdateFigures& figures) {
  const ppo::UpdateReport& report = record.report;
  updates_->Increment();
  episodes_->Increment(static_cast<double>(figures.episodes));
  environment_steps_->Increment(static_cast<double>(figures.environment_steps));
  run_updates_->Set(record.update);
  seconds_left_->Set(figures.seconds_left);
  for (const auto& [metric, gauge] : gauges_) {
    if (const std::optional<double> number = metric->get(record)) gauge->Set(*number);
  }
  if (record.evaluation) evaluations_->Increment();
  ShowAdaptation(record);
  ShowTrials(record);
  kl_target_->Set(figures.kl_target);
  consecutive_reverts_ = report.reverted ? consecutive_reverts_ + 1 : 0;
  consecutive_reverts_gauge_->Set(consecutive_reverts_);
  if (report.reverted) reverted_->Increment();
  if (!std::isfinite(report.kl) || !std::isfinite(report.policy_loss) || !std::isfinite(report.critic_loss))
    OnNonFinite();
  update_duration_->Observe(figures.seconds);
  batch_wait_->Observe(record.wait_seconds);
  ShowBusy(record.wait_seconds, figures.seconds);
  lag_->Set(figures.lag_versions);
}

// An episode may be too short for some steps; their series stay at 0.
void TrainingMetrics::ShowAdaptation(const MetricsRecord& record) {
  for (const auto& [step, reward] : record.adaptation) {
    const auto found = adaptation_.find(absl::StrCat(step));
    if (found != adaptation_.end()) found->second->Set(reward);
  }
  if (!record.adaptation.empty()) adaptation_.at(kLastStep)->Set(record.adaptation.back().second);
}

TrainingMetrics::TrialGauges& TrainingMetrics::AddTrial(const std::string& trial) {
  TrialGauges& gauges = trials_[trial];
  gauges.mean = &AddGauge(registry_, "nmn_trial_return_mean",
                          "Mean return of the last update's trials, by the number of the trial.", {{"trial", trial}});
  gauges.episodes = &AddGauge(registry_, "nmn_trial_episodes", "Episodes of the last update that had such a trial.",
                              {{"trial", trial}});
  gauges.mean->Set(std::numeric_limits<double>::quiet_NaN());
  return gauges;
}

// Which trials there are changes from update to update.
void TrainingMetrics::ShowTrials(const MetricsRecord& record) {
  for (auto& [trial, gauges] : trials_) {
    gauges.mean->Set(std::numeric_limits<double>::quiet_NaN());
    gauges.episodes->Set(0);
  }
  for (const auto& [trial, figure] : record.trials) {
    const auto found = trials_.find(trial);
    TrialGauges& gauges = found == trials_.end() ? AddTrial(trial) : found->second;
    gauges.mean->Set(figure.mean);
    gauges.episodes->Set(static_cast<double>(figure.episodes));
  }
}

void TrainingMetrics::ShowBusy(double wait_seconds, double seconds) {
  recent_.push_back({wait_seconds, seconds});
  if (recent_.size() > kBusyUpdates) recent_.pop_front();
  Span sum;
  for (const Span& span : recent_) {
    sum.wait += span.wait;
    sum.total += span.total;
  }
  if (sum.total > 0) busy_->Set(std::clamp(1 - sum.wait / sum.total, 0.0, 1.0));
}

}  // namespace nmn::metrics
