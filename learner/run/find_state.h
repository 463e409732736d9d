#pragma once

#include "absl/status/statusor.h"
#include "learner/metrics/learner_metrics.h"
#include "learner/run/observer.h"
#include "learner/run/run_state.h"
#include "learner/run/run_storage.h"

namespace nmn::run {

// The state that a learner begins with: that of the newest checkpoint with --resume, a new one where there is none.
// ALREADY_EXISTS: there is one, and nobody asked to resume. DATA_LOSS: there are some, and none is valid. Changes
// nothing on disk but the names of corrupt checkpoints.
absl::StatusOr<RunState> FindState(const RunOptions& options, RunStorage& storage, metrics::LearnerMetrics& metrics,
                                   RunObserver& observer);

}  // namespace nmn::run
