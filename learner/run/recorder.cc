#include "learner/run/recorder.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "learner/ppo/critic_health.h"
#include "learner/ppo/schedules.h"
#include "learner/run/process_clock.h"

namespace nmn::run {
namespace {

constexpr uint64_t kMostWaitingBytes = 64 << 20;  // rows kept for a disk that does not take them

// The KL that an update aims at; 0: no control.
double KlTargetOf(const v1::RunConfig& config, uint32_t update) {
  const v1::PpoOptions& ppo = config.ppo();
  return ppo.objective() == v1::KL_PENALTY ? ppo.kl_penalty().kl_target() : ppo::KlTarget(ppo, update);
}

}  // namespace

Recorder::Recorder(const v1::RunConfig& config, RunStorage& storage, metrics::LearnerMetrics& metrics,
                   RunObserver& observer)
    : measures_(config.task().measures().begin(), config.task().measures().end()),
      storage_(storage),
      metrics_(metrics),
      observer_(observer) {}

absl::Status Recorder::WriteRows(const UpdateRecord& record) {
  absl::Status written = storage_.files->Append(record.metrics, record.episodes);
  if (const std::string loss = storage_.files->TakeLoss(); !loss.empty()) observer_.OnNotice(loss);
  if (written.ok()) written = storage_.events->Flush();
  if (!written.ok() && storage_.files->waiting_bytes() > kMostWaitingBytes) return written;
  if (!written.ok() && !rows_wait_) {
    observer_.OnNotice(absl::StrCat("the rows of update ", record.metrics.update, " are NOT written: ",
                                    written.message(), "; training goes on, they follow once they can be written"));
  }
  rows_wait_ = !written.ok();
  return absl::OkStatus();
}

absl::StatusOr<UpdateSummary> Recorder::Record(RunState& state, const service::CollectedBatch& batch,
                                               const ppo::UpdateReport& report, const UpdateTimes& times) {
  absl::StatusOr<UpdateSummary> summary = WriteDown(state, batch, report, times);
  CountPhases(state, report, times);
  return summary;
}

absl::StatusOr<UpdateSummary> Recorder::WriteDown(RunState& state, const service::CollectedBatch& batch,
                                                  const ppo::UpdateReport& report, const UpdateTimes& times) {
  const double seconds = times.trained - times.began;
  const ConstView2 reward = batch.trajectories.reward();
  UpdateRecord record = state.totals.Count(state.update, batch, report, measures_, seconds);
  const std::optional<v1::EvaluationRecord>& evaluation = state.evaluations.last;
  if (evaluation && evaluation->update() == state.update) record.metrics.evaluation = evaluation;
  if (absl::Status status = WriteRows(record); !status.ok()) return status;
  if (updates_ == 0) began_ = times.began;
  const double seconds_left = (SecondsSinceProcessStart() - began_) / ++updates_ * (state.budget() - state.update);
  metrics_.OnUpdate(record.metrics, {.episodes = record.episodes.raw.size(),
                                     .environment_steps = reward.rows * reward.columns,
                                     .seconds = seconds,
                                     .kl_target = KlTargetOf(state.config, state.update),
                                     .seconds_left = seconds_left,
                                     .lag_versions = batch.lag_max});
  const UpdateSummary summary = SummaryOf(record.metrics, state.budget(), seconds_left);
  observer_.OnUpdate(summary);
  if (report.critic_blind_updates == ppo::kBlindUpdates) {
    observer_.OnNotice(absl::StrCat(
        "the critic explains nothing: for ", ppo::kBlindUpdates, " updates explained_variance was below ",
        ppo::kBlindBelow,
        ", so the policy learns from noisier advantages than it could. It passes by itself where the policy has "
        "just become much better; where it stays, look at ppo.critic.learning_rate, "
        "ppo.adam.critic_beta1 and ppo.discount"));
  }
  return summary;
}

void Recorder::CountPhases(RunState& state, const ppo::UpdateReport& report, const UpdateTimes& times) {
  const double collect = times.collected - times.began;
  const double evaluate = times.evaluated - times.trained;
  const double record = SecondsSinceProcessStart() - times.evaluated;
  state.totals.AddPhase("collect", collect);
  for (const auto& [phase, seconds] : report.phase_seconds) state.totals.AddPhase(phase, seconds);
  if (evaluate > 0) state.totals.AddPhase("evaluate", evaluate);
  state.totals.AddPhase("record", record);
  metrics_.AddPhase("collect", collect);
  metrics_.AddPhase("update", times.trained - times.collected);
  metrics_.AddPhase("evaluate", evaluate);
  metrics_.AddPhase("record", record);
}

}  // namespace nmn::run
