#include "learner/run/run_state.h"

#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/build/build.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/digest/sha256.h"
#include "learner/run/initial_weights.h"

namespace nmn::run {
namespace {

std::string NewRunId() {
  std::random_device entropy;
  return absl::StrFormat("%08x%08x", entropy(), entropy());
}

// Moves fields that no result depends on from the asked-for config to the stored one.
v1::RunConfig Continued(const v1::RunConfig& stored, const v1::RunConfig& asked) {
  v1::RunConfig config = stored;
  *config.mutable_budget() = asked.budget();
  *config.mutable_work() = asked.work();
  *config.mutable_checkpoint() = asked.checkpoint();
  config.clear_eval();
  if (asked.has_eval()) *config.mutable_eval() = asked.eval();
  return config;
}

absl::StatusOr<RunState> WithFreshNetworks(const v1::RunConfig& config, const ppo::TrainerOptions& options) {
  absl::StatusOr<std::unique_ptr<ppo::Trainer>> trainer = ppo::Trainer::Create(config, options);
  if (!trainer.ok()) return trainer.status();
  RunState state;
  state.config = config;
  state.config_hash = config::Hash(config);
  state.trainer = *std::move(trainer);
  return state;
}

}  // namespace

uint32_t RunState::budget() const { return config::BudgetUpdates(config); }

bool RunState::reached_return() const {
  if (!config.budget().has_stop_at_return()) return false;
  const double wanted = config.budget().stop_at_return();
  if (config.eval().every_updates() != 0) return evaluations.last && evaluations.last->discounted_mean() >= wanted;
  return totals.window_is_full() && totals.RecentDiscountedMean() >= wanted;
}

absl::StatusOr<RunState> NewState(const RunOptions& options, RunObserver& observer) {
  v1::RunConfig config = options.config;
  absl::StatusOr<std::optional<policy::NetworkPolicy>> source = LoadInitialWeights(options, config);
  if (!source.ok()) return source.status();
  absl::StatusOr<RunState> state = WithFreshNetworks(config, options.trainer);
  if (!state.ok()) return state;
  state->run_id = NewRunId();
  if (!source->has_value()) return state;
  absl::StatusOr<v1::Lineage> lineage = LineageOf(**source, options.init_from, config);
  if (!lineage.ok()) return lineage.status();
  if (absl::Status status = TakeWeights(**source, *lineage, *state->trainer); !status.ok()) return status;
  if (!(*source)->notice.empty()) observer.OnNotice(absl::StrCat("--init_from: ", (*source)->notice));
  observer.OnNotice(Describe(*lineage));
  for (const auto& notice : {OtherMeanings((*source)->config, config), FasterThanSource(**source, config)}) {
    if (notice) observer.OnNotice(*notice);
  }
  state->lineage = *std::move(lineage);
  return state;
}

absl::StatusOr<RunState> RestoredState(const checkpoint::Checkpoint& checkpoint, const RunOptions& options) {
  const v1::CheckpointState& saved = checkpoint.state;
  v1::RunConfig asked = options.config;
  if (options.init_from.empty()) {
    // It goes on from its own weights; who began it need not be there any more.
    if (saved.config().has_init_weights_sha256() && !asked.has_init_weights_sha256()) {
      asked.set_init_weights_sha256(saved.config().init_weights_sha256());
    }
  } else if (absl::Status status = LoadInitialWeights(options, asked).status(); !status.ok()) {
    return status;
  }
  const std::string differences = config::DescribeDifferences(saved.config(), asked);
  if (!differences.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--resume: the run in ", options.directory,
                                                   " was started with another ", differences,
                                                   "; leave it as it was, or start a new run"));
  }
  absl::StatusOr<RunState> state = WithFreshNetworks(Continued(saved.config(), asked), options.trainer);
  if (!state.ok()) return state;
  if (absl::Status status = state->trainer->Restore({checkpoint.weights, checkpoint.optimizer, saved.trainer()});
      !status.ok()) {
    return status;
  }
  state->run_id = saved.run_id();
  state->totals.Restore(saved.progress());
  if (saved.progress().has_last_evaluation()) state->evaluations.last = saved.progress().last_evaluation();
  if (saved.progress().has_best_evaluation()) state->evaluations.best = saved.progress().best_evaluation();
  state->evaluations.best_policy = saved.progress().best_policy();
  if (saved.has_lineage()) state->lineage = saved.lineage();
  state->update = saved.update();
  state->consecutive_reverts = saved.trainer().consecutive_reverts();
  state->saved_update = saved.update();
  state->file_bytes = {saved.progress().file_bytes().begin(), saved.progress().file_bytes().end()};
  return state;
}

checkpoint::Checkpoint CheckpointOf(const RunState& state, const std::map<std::string, uint64_t>& file_bytes) {
  ppo::TrainerState trainer = state.trainer->Save();
  checkpoint::Checkpoint checkpoint;
  checkpoint.state.set_run_id(state.run_id);
  *checkpoint.state.mutable_config() = state.config;
  checkpoint.state.set_config_hash(state.config_hash);
  checkpoint.state.set_update(state.update);
  *checkpoint.state.mutable_trainer() = trainer.scalars;
  *checkpoint.state.mutable_progress() = state.totals.Save();
  v1::RunProgress& progress = *checkpoint.state.mutable_progress();
  progress.mutable_file_bytes()->insert(file_bytes.begin(), file_bytes.end());
  if (state.evaluations.last) *progress.mutable_last_evaluation() = *state.evaluations.last;
  if (state.evaluations.best) *progress.mutable_best_evaluation() = *state.evaluations.best;
  progress.set_best_policy(state.evaluations.best_policy);
  if (state.lineage) *checkpoint.state.mutable_lineage() = *state.lineage;
  checkpoint.weights = std::move(trainer.weights);
  checkpoint.optimizer = std::move(trainer.optimizer);
  return checkpoint;
}

policy::NetworkPolicy PolicyOf(const RunState& state, std::vector<NamedTensor> weights) {
  policy::NetworkPolicy policy;
  policy.config = config::ConfigAfter(state.config, state.update);
  policy.run_id = state.run_id;
  policy.update = state.update;
  policy.weights = std::move(weights);
  policy.lineage = state.lineage;
  return policy;
}

Summary SummaryOf(const RunState& state, const std::vector<NamedTensor>& weights, CutBy cut_by) {
  Summary summary;
  summary.run_id = state.run_id;
  summary.build = build::ThisBuild();
  summary.config = state.config;
  summary.updates = state.update;
  summary.checkpoint_update = state.saved_update.value_or(0);
  summary.episodes = state.totals.episodes();
  summary.environment_steps = state.totals.environment_steps();
  summary.final_return_mean = state.totals.RecentReturnMean();
  summary.final_discounted_mean = state.totals.RecentDiscountedMean();
  summary.wall_seconds = state.totals.WallSeconds();
  summary.phase_seconds = state.totals.phase_seconds();
  summary.weights_sha256 = WeightsSha256(weights);
  summary.complete = state.complete();
  summary.ended_by = state.reached_return()      ? "stop_at_return"
                     : summary.complete          ? "budget"
                     : cut_by == CutBy::kFailure ? "failure"
                                                 : "signal";
  summary.last_evaluation = state.evaluations.last;
  summary.best_evaluation = state.evaluations.best;
  summary.lineage = state.lineage;
  return summary;
}

}  // namespace nmn::run
