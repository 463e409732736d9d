#include "learner/run/saving.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/build/build.h"
#include "learner/run/failed_update.h"
#include "learner/run/process_clock.h"

namespace nmn::run {
namespace {

absl::Status WriteCheckpoint(RunState& state, RunStorage& storage) {
  if (absl::Status status = storage.events->Flush(); !status.ok()) return status;
  const absl::StatusOr<std::map<std::string, uint64_t>> lengths = storage.files->SyncedLengths();
  if (!lengths.ok()) return lengths.status();
  if (absl::Status status = storage.checkpoints->Save(CheckpointOf(state, *lengths)); !status.ok()) return status;
  state.saved_update = state.update;
  storage.events->CheckpointSaved(state.update);
  return absl::OkStatus();
}

}  // namespace

absl::Status SaveCheckpoint(RunState& state, RunStorage& storage, metrics::LearnerMetrics& metrics) {
  const double began = SecondsSinceProcessStart();
  const absl::Status status = WriteCheckpoint(state, storage);
  const double seconds = SecondsSinceProcessStart() - began;
  metrics.AddPhase("checkpoint", seconds);
  if (status.ok()) {
    state.totals.AddPhase("checkpoint", seconds);
    metrics.checkpoints.OnSaved(state.update, seconds);
  } else {
    metrics.checkpoints.OnFailed();
  }
  return status;
}

absl::Status SaveOutcome(const RunState& state, RunStorage& storage, CutBy cut_by) {
  const ppo::TrainerState trainer = state.trainer->Save();
  absl::Status status = storage.files->WritePolicy(policy::EncodePolicy(PolicyOf(state, trainer.weights)));
  // Who took the config away while the run went on took what --resume and a report begin with.
  if (status.ok()) status = storage.files->PutBackConfig(state.config);
  if (!status.ok()) return status;
  return storage.files->WriteSummary(SummaryOf(state, trainer.weights, cut_by));
}

std::string KeepFailedUpdate(const RunState& state, const RunStorage& storage, const service::CollectedBatch& batch,
                             const absl::Status& failure) {
  FailedUpdate failed;
  failed.config = state.config;
  failed.run_id = state.run_id;
  failed.commit = build::Commit();
  failed.update = state.update + 1;
  failed.code = absl::StatusCodeToString(failure.code());
  failed.reason = std::string(failure.message());
  failed.before = state.trainer->Save();  // a failed update leaves no trace
  failed.batch = CopyBatch(batch.trajectories);
  const std::string path = absl::StrCat(storage.directory, "/failed-update-", failed.update, ".safetensors");
  const absl::Status status = fs::WriteAtomically(storage.fs, path, EncodeFailedUpdate(failed));
  return status.ok() ? absl::StrCat("the failed update is in ", path, "; nmn replay ", path, " runs it again")
                     : absl::StrCat("the failed update could not be kept: ", status.message());
}

}  // namespace nmn::run
