#include "learner/run/run_state.h"

#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/build/build.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"

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

absl::StatusOr<RunState> NewState(const RunOptions& options) {
  absl::StatusOr<RunState> state = WithFreshNetworks(options.config, options.trainer);
  if (state.ok()) state->run_id = NewRunId();
  return state;
}

absl::StatusOr<RunState> RestoredState(const checkpoint::Checkpoint& checkpoint, const RunOptions& options) {
  const v1::CheckpointState& saved = checkpoint.state;
  const std::vector<std::string> differences = config::Differences(saved.config(), options.config);
  if (!differences.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--resume: the run in ", options.directory,
                                                   " was started with another ", absl::StrJoin(differences, ", "),
                                                   "; leave it as it was, or start a new run"));
  }
  absl::StatusOr<RunState> state = WithFreshNetworks(Continued(saved.config(), options.config), options.trainer);
  if (!state.ok()) return state;
  if (absl::Status status = state->trainer->Restore({checkpoint.weights, checkpoint.optimizer, saved.trainer()});
      !status.ok()) {
    return status;
  }
  state->run_id = saved.run_id();
  state->totals.Restore(saved.progress());
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
  checkpoint.state.mutable_progress()->mutable_file_bytes()->insert(file_bytes.begin(), file_bytes.end());
  checkpoint.weights = std::move(trainer.weights);
  checkpoint.optimizer = std::move(trainer.optimizer);
  return checkpoint;
}

Summary SummaryOf(const RunState& state, const std::vector<NamedTensor>& weights) {
  Summary summary;
  summary.run_id = state.run_id;
  summary.build = build::ThisBuild();
  summary.config = state.config;
  summary.updates = state.update;
  summary.episodes = state.totals.episodes();
  summary.environment_steps = state.totals.environment_steps();
  summary.final_return_mean = state.totals.RecentReturnMean();
  summary.final_discounted_mean = state.totals.RecentDiscountedMean();
  summary.wall_seconds = state.totals.WallSeconds();
  summary.phase_seconds = state.totals.phase_seconds();
  summary.weights_sha256 = WeightsSha256(weights);
  summary.complete = state.complete();
  return summary;
}

}  // namespace nmn::run
