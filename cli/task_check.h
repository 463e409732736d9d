#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/env/environment.h"

namespace nmn::cli {

// What was seen of a task that is in order.
struct TaskCheck {
  uint64_t steps = 0;           // of one play
  double steps_per_second = 0;  // of one core
  double return_mean = 0;       // of actions drawn by chance
  double return_error = 0;      // its standard error
  float least_observed = 0, largest_observed = 0;
};

using EnvironmentMaker = std::function<absl::StatusOr<std::unique_ptr<env::BatchedEnvironment>>(size_t max_lanes)>;

// Plays `episodes`, at least 2, of a task with actions drawn by chance: twice in one environment, once in another of
// half as many lanes. FAILED_PRECONDITION in one line that names field, episode and step: a number that is not finite
// or larger than a step's record may have, an action that is fed back outside its space, or another number for the same
// seed, whether it comes from the second time, from another environment or from the neighbours.
absl::StatusOr<TaskCheck> CheckTask(const EnvironmentMaker& make, uint64_t seed, uint32_t episodes);

}  // namespace nmn::cli
