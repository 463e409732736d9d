#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/timing.h"

namespace nmn::cli::bench {

// Makes a pass over `lanes` episodes at once.
using PassFactory = std::function<absl::StatusOr<Pass>(size_t lanes)>;

// Work that is done for a batch of episodes, `steps` steps in a pass whatever the batch.
struct LaneBenchmark {
  std::string name;
  size_t steps = 0;
  double flop_per_step = 0;   // of one lane; 0: no FLOP by convention
  std::vector<size_t> lanes;  // sizes to choose from
  PassFactory ours;
  PassFactory twin;  // may be empty
};

inline const std::vector<size_t>& BatchSizes() {
  static const std::vector<size_t> sizes = {64, 128, 256, 512, 1024, 2048};
  return sizes;
}

// Single env-steps/s, ours and the twin's each at the batch that suits it best.
absl::StatusOr<Result> MeasureLanes(const LaneBenchmark& benchmark, const Context& context);

}  // namespace nmn::cli::bench
