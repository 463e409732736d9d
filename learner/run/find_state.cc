#include "learner/run/find_state.h"

#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fs/folders_below.h"

namespace nmn::run {
namespace {

// In a folder of runs a run would hide the others from whoever names that folder: nmn report takes it for the run.
absl::Status CheckHoldsNoRuns(const RunStorage& storage) {
  const std::string runs = fs::FoldersBelow(storage.directory, "checkpoints");
  if (runs.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(storage.directory, " is a folder of runs", runs,
                                               "; name one that is not there yet, e.g. --run_dir=", storage.directory,
                                               "/NAME"));
}

// Whoever removes the run around it, or copies it, would do so to both.
absl::Status CheckIsInNoRun(RunStorage& storage) {
  const std::string around = std::filesystem::path(storage.directory).lexically_normal().parent_path().string();
  const absl::StatusOr<bool> run = storage.fs.Exists(around + "/checkpoints");
  if (!run.ok() || !*run || around.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(storage.directory, " lies in the directory of another run, ", around, "; choose another --run_dir"));
}

absl::Status CheckUnused(RunStorage& storage) {
  const absl::StatusOr<bool> any = storage.checkpoints->Any();
  if (!any.ok()) return any.status();
  if (!*any) {
    if (absl::Status status = CheckIsInNoRun(storage); !status.ok()) return status;
    return CheckHoldsNoRuns(storage);
  }
  return absl::AlreadyExistsError(absl::StrCat(
      storage.directory, " already holds a run; add --resume to continue it, or choose another --run_dir"));
}

// A run that begins cuts back the files of its directory, which those of a run without its checkpoints are not for.
absl::Status CheckNoRunIsLost(RunStorage& storage, const char* advice) {
  const absl::StatusOr<std::string> trace = storage.files->TraceOfARun();
  if (!trace.ok()) return trace.status();
  if (!trace->empty()) {
    return absl::AlreadyExistsError(
        absl::StrCat(storage.directory, " holds a run (it has ", *trace, "), but none of its checkpoints: ", advice));
  }
  const absl::StatusOr<std::string> foreign = storage.files->ForeignFile();
  if (!foreign.ok()) return foreign.status();
  if (foreign->empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(*foreign, " is there already, and no run wrote it: move it away, or choose another --run_dir"));
}

}  // namespace

absl::StatusOr<RunState> FindState(const RunOptions& options, RunStorage& storage, metrics::LearnerMetrics& metrics,
                                   RunObserver& observer) {
  if (!options.resume) {
    if (absl::Status status = CheckUnused(storage); !status.ok()) return status;
    const absl::Status lost = CheckNoRunIsLost(storage, "choose another --run_dir, or move these files away");
    if (!lost.ok()) return lost;
    return NewState(options, observer);
  }
  absl::StatusOr<std::optional<checkpoint::Checkpoint>> found =
      storage.checkpoints->Restore([&](const std::string& problem) {
        metrics.checkpoints.OnCorrupt();
        observer.OnNotice(problem);
      });
  if (absl::IsDataLoss(found.status())) {
    const std::string reason(found.status().message());
    if (!options.discard_corrupt)
      return absl::DataLossError(absl::StrCat(reason, "; or add --discard_corrupt, which begins anew"));
    observer.OnNotice(absl::StrCat(reason, "; beginning anew, as --discard_corrupt says"));
    return NewState(options, observer);
  }
  if (!found.ok()) return found.status();
  if (found->has_value()) return RestoredState(**found, options);
  if (!options.discard_corrupt) {
    const absl::Status lost =
        CheckNoRunIsLost(storage, "put DIR/checkpoints back, or add --discard_corrupt, which begins anew");
    if (!lost.ok()) return lost;
  }
  if (absl::Status status = CheckHoldsNoRuns(storage); !status.ok()) return status;
  observer.OnNotice(
      absl::StrCat("--resume: there is no checkpoint in ", storage.directory, ", so a new run begins there"));
  return NewState(options, observer);
}

}  // namespace nmn::run
