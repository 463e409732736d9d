#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/report/run.h"

namespace nmn::report {

// What the first `updates` updates of a config cost: one sample-pass is one step of one sequence, forward and backward.
// The critic's replay fills up over the first updates.
struct SamplePasses {
  uint64_t policy = 0;
  uint64_t critic = 0;
};
SamplePasses SamplePassesOf(const v1::PpoOptions& ppo, uint32_t updates);

// Where the mean discounted return of the last 1000 episodes (of all, while there are fewer) first reached a threshold.
struct Reached {
  double update = 0;        // whole for a run, not for a median
  double passes = 0;        // policy and critic
  double wall_seconds = 0;  // since the learner's process start
};
std::optional<Reached> FirstReached(const Run& run, double threshold);

// Medians, number by number. A run that never got there counts as later than all that did. Nothing if the middle is
// such a run.
std::optional<Reached> MedianReached(const std::vector<std::optional<Reached>>& runs);

// The benchmark's milestones. If it has none: a quarter to 95 % of the way from what chance gets (0 if that is not
// known) to what an oracle gets with these options, in hundreds, or to two digits if that is less. A task of the user's
// own has none.
std::vector<double> DefaultThresholds(const std::string& benchmark, const v1::EnvironmentOptions& options = {});

// Writes until.csv, a row for each run and threshold, and until_median.csv, one for each group of runs and threshold
// (GroupRuns). Cells are empty if the threshold was not reached. `out` exists.
absl::Status WriteUntil(const std::vector<Run>& runs, const std::vector<double>& thresholds, const std::string& out);

// The same as text: a row a run, and a row for the median of each group of several.
std::string UntilTable(const std::vector<Run>& runs, const std::vector<double>& thresholds);

}  // namespace nmn::report
