#include "learner/run/run_totals.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/env/environment.h"
#include "learner/run/observer.h"
#include "learner/run/process_clock.h"
#include "learner/run/returns.h"

namespace nmn::run {
namespace {

void KeepLast(std::deque<double>& recent, const std::vector<double>& values) {
  recent.insert(recent.end(), values.begin(), values.end());
  while (recent.size() > kRecentEpisodes) recent.pop_front();
}

double MeanOf(const std::deque<double>& values) { return Mean(std::vector<double>(values.begin(), values.end())); }

}  // namespace

void RunTotals::Restore(const v1::RunProgress& saved) {
  episodes_ = saved.episodes();
  environment_steps_ = saved.environment_steps();
  phase_seconds_ = {saved.phase_seconds().begin(), saved.phase_seconds().end()};
  recent_returns_ = {saved.recent_returns().begin(), saved.recent_returns().end()};
  recent_discounted_ = {saved.recent_discounted().begin(), saved.recent_discounted().end()};
  earlier_wall_seconds_ = saved.wall_seconds();
}

v1::RunProgress RunTotals::Save() const {
  v1::RunProgress saved;
  saved.set_wall_seconds(WallSeconds());
  saved.mutable_phase_seconds()->insert(phase_seconds_.begin(), phase_seconds_.end());
  saved.mutable_recent_returns()->Assign(recent_returns_.begin(), recent_returns_.end());
  saved.mutable_recent_discounted()->Assign(recent_discounted_.begin(), recent_discounted_.end());
  saved.set_episodes(episodes_);
  saved.set_environment_steps(environment_steps_);
  return saved;
}

UpdateRecord RunTotals::Count(uint32_t update, const service::CollectedBatch& batch, const ppo::UpdateReport& report,
                              const std::vector<std::string>& measures, double update_seconds) {
  const ConstView2 reward = batch.trajectories.reward();
  EpisodeReturns returns = ComputeReturns(reward, env::kReportedDiscount);
  KeepLast(recent_returns_, returns.raw);
  KeepLast(recent_discounted_, returns.discounted);
  const uint64_t steps = reward.rows * reward.columns;
  episodes_ += reward.columns;
  environment_steps_ += steps;

  metrics::MetricsRecord metrics;
  metrics.update = update;
  metrics.wall_seconds = WallSeconds();
  metrics.episodes = episodes_;
  metrics.environment_steps = environment_steps_;
  metrics.return_mean = Mean(returns.raw);
  metrics.return_sd = StandardDeviation(returns.raw);
  metrics.discounted_mean = Mean(returns.discounted);
  metrics.discounted_last_1000 = RecentDiscountedMean();
  metrics.steps_per_second = static_cast<double>(steps) / update_seconds;
  metrics.wait_seconds = batch.wait_seconds;
  metrics.policy_lag_mean = batch.lag_mean;
  metrics.policy_lag_max = batch.lag_max;
  for (const AdaptationPoint& point : ComputeAdaptation(reward))
    metrics.adaptation.emplace_back(point.step, point.mean_reward);
  for (size_t m = 0; m < measures.size(); ++m) metrics.measures.emplace_back(measures[m], Mean((*batch.measures)[m]));
  metrics.report = report;
  trajectory::TrialReturns trials;
  if (batch.trajectories.layout().Has(v1::TRIAL_END)) {
    trials.Add(batch.trajectories);
    const trajectory::TrialCurve curve = trials.Curve();
    metrics.trials_per_episode = curve.per_episode;
    metrics.trials = trajectory::NamedFigures(curve, trajectory::kFewTrials);
  }
  return {
      std::move(metrics),
      {update, std::move(returns.raw), std::move(returns.discounted), measures, *batch.measures, trials.episodes()}};
}

double RunTotals::WallSeconds() const {
  return earlier_wall_seconds_ + (counts_this_process_ ? SecondsSinceProcessStart() : 0);
}
bool RunTotals::window_is_full() const { return recent_discounted_.size() == kRecentEpisodes; }
double RunTotals::RecentReturnMean() const { return MeanOf(recent_returns_); }
double RunTotals::RecentDiscountedMean() const { return MeanOf(recent_discounted_); }

UpdateSummary SummaryOf(const metrics::MetricsRecord& metrics, uint32_t budget_updates, double seconds_left) {
  UpdateSummary summary;
  summary.update = metrics.update;
  summary.budget_updates = budget_updates;
  summary.episodes = metrics.episodes;
  summary.return_mean = metrics.return_mean;
  summary.discounted_mean = metrics.discounted_mean;
  summary.discounted_recent = metrics.discounted_last_1000;
  summary.kl = metrics.report.kl;
  summary.reverted = metrics.report.reverted;
  summary.spread = std::isnan(metrics.report.mean_deviation)
                       ? absl::StrFormat("entropy %.3f", metrics.report.entropy)
                       : absl::StrFormat("sd %.3f", metrics.report.mean_deviation);
  summary.explained_variance = metrics.report.explained_variance;
  summary.steps_per_second = metrics.steps_per_second;
  summary.seconds_left = seconds_left;
  summary.wall_seconds = metrics.wall_seconds;
  if (metrics.evaluation) summary.evaluation_discounted = metrics.evaluation->discounted_mean();
  return summary;
}

}  // namespace nmn::run
