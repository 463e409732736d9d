#include "learner/run/find_state.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace nmn::run {
namespace {

absl::Status CheckUnused(RunStorage& storage) {
  const absl::StatusOr<bool> any = storage.checkpoints->Any();
  if (!any.ok()) return any.status();
  if (!*any) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      storage.directory, " already holds a run; add --resume to continue it, or choose another --run_dir"));
}

}  // namespace

absl::StatusOr<RunState> FindState(const RunOptions& options, RunStorage& storage, metrics::LearnerMetrics& metrics,
                                   RunObserver& observer) {
  if (!options.resume) {
    if (absl::Status status = CheckUnused(storage); !status.ok()) return status;
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
  return found->has_value() ? RestoredState(**found, options) : NewState(options, observer);
}

}  // namespace nmn::run
