#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/policy/policy_file.h"
#include "learner/ppo/trainer.h"
#include "learner/run/observer.h"
#include "learner/run/run_directory.h"
#include "learner/run/run_options.h"
#include "learner/run/run_totals.h"

namespace nmn::run {

// What evaluations while training have found.
struct Evaluations {
  std::optional<v1::EvaluationRecord> last;
  std::optional<v1::EvaluationRecord> best;  // greatest discounted_mean; of equal ones the first
  std::string best_policy;                   // its policy, encoded (policy_file.h)
};

// What a run is between two of its updates: all that a checkpoint keeps of it.
struct RunState {
  v1::RunConfig config;
  std::string config_hash;
  std::string run_id;
  std::unique_ptr<ppo::Trainer> trainer;
  RunTotals totals;
  Evaluations evaluations;
  std::optional<v1::Lineage> lineage;          // where it began from other weights
  uint32_t update = 0;                         // completed
  uint32_t consecutive_reverts = 0;            // where it was restored
  std::optional<uint32_t> saved_update;        // of the newest checkpoint
  std::map<std::string, uint64_t> file_bytes;  // lengths of the growing files in the checkpoint it was restored from

  uint32_t budget() const;  // in updates
  // budget.stop_at_return
  bool reached_return() const;
  bool complete() const { return update >= budget() || reached_return(); }
};

// A new run with fresh networks, or with what fits of the weights of options.init_from (initial_weights.h). The
// observer hears what those are.
absl::StatusOr<RunState> NewState(const RunOptions& options, RunObserver& observer);

// The run of a checkpoint. What no result depends on is taken from the options' config; INVALID_ARGUMENT names what
// else differs.
absl::StatusOr<RunState> RestoredState(const checkpoint::Checkpoint& checkpoint, const RunOptions& options);

// `file_bytes`: lengths of the growing files by now.
checkpoint::Checkpoint CheckpointOf(const RunState& state, const std::map<std::string, uint64_t>& file_bytes);

// The policy of now, whose weights these are.
policy::NetworkPolicy PolicyOf(const RunState& state, std::vector<NamedTensor> weights);

// Why a run that is not complete ends: it was told to, or something failed that it cannot do without.
enum class CutBy { kSignal, kFailure };

// summary.json of a run with these weights.
Summary SummaryOf(const RunState& state, const std::vector<NamedTensor>& weights, CutBy cut_by);

}  // namespace nmn::run
