#pragma once

#include <string>

#include "absl/status/status.h"
#include "learner/metrics/learner_metrics.h"
#include "learner/run/run_state.h"
#include "learner/run/run_storage.h"
#include "learner/service/learner_server.h"

namespace nmn::run {

// What is saved of a run beside the rows of its updates.

// A checkpoint, with the lengths of the growing files; is counted in `metrics` and in the run's phases.
absl::Status SaveCheckpoint(RunState& state, RunStorage& storage, metrics::LearnerMetrics& metrics);

// policy.safetensors and summary.json.
absl::Status SaveOutcome(const RunState& state, RunStorage& storage, CutBy cut_by);

// failed-update-N.safetensors: the update after `state` that failed on `batch` with `failure`. As good as can be: the
// run ends with its own error either way. Returns what to tell the user.
std::string KeepFailedUpdate(const RunState& state, const RunStorage& storage, const service::CollectedBatch& batch,
                             const absl::Status& failure);

}  // namespace nmn::run
