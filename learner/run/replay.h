#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/ppo/update_context.h"
#include "learner/run/failed_update.h"

namespace nmn::run {

// What is in one array. Least, mean and greatest are those of its finite numbers, and 0 if it has none.
struct ArraySummary {
  std::string name;
  size_t numbers = 0;
  size_t not_finite = 0;
  double least = 0;
  double mean = 0;
  double greatest = 0;
};
ArraySummary Summarise(const NamedTensor& array);

// "loss", "gradient norm" or "largest parameter": the first number of a step that is not finite, in the order in which
// they are computed. Empty if all are finite.
std::string NotFinite(const ppo::OptimiserStep& step);

struct ReplayReport {
  std::vector<ArraySummary> arrays;        // the batch, then the trainer's state before the update
  std::vector<ppo::OptimiserStep> policy;  // in the order of the steps
  std::vector<ppo::OptimiserStep> critic;
  std::string code;  // how the update ended now; "OK" if it did not fail
  std::string reason;
  bool reproduced = false;  // it ended as recorded
};

// Runs the update again. INVALID_ARGUMENT: the state does not fit the config, or the device is not there.
absl::StatusOr<ReplayReport> Replay(const FailedUpdate& failed, const ppo::TrainerOptions& options);

}  // namespace nmn::run
