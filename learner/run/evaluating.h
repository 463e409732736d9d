#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "learner/run/run_state.h"
#include "learner/run/run_storage.h"

namespace nmn::run {

// Seed of the evaluations of a run: none of a training or of `nmn eval` with the same --seed, and equal in every
// process of the run. `nmn eval --seed` with this number plays the same episodes.
uint64_t EvaluationSeed(const v1::RunConfig& config);

// Whether an evaluation follows the update that `state` has completed.
bool EvaluationIsDue(const RunState& state);

// Plays eval.episodes with the policy of `state`, which acts with a sample as in training, and keeps what it found in
// `state`; a policy that is better than all before goes into policy-best.safetensors, which waits for the next one
// where the disk does not take it. One thread plays; `step_done` is called now and then. Changes no bit of training.
// The status is of the evaluation, or of that file.
absl::Status EvaluatePolicy(RunState& state, RunStorage& storage, const std::function<void()>& step_done);

}  // namespace nmn::run
