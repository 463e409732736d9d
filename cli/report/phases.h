#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/run.h"
#include "cli/report/style.h"

namespace nmn::report {

// A run's phases in the order of an update (collect, advantages, policy, critic, record, checkpoint), those it does not
// know after them by name: milliseconds an update.
std::vector<std::pair<std::string, double>> PhaseMilliseconds(const Phases& phases);

// Writes phases.csv into `out`, which exists: where the time of an update goes. Runs without summary.json are left out;
// without any, nothing is written.
absl::Status WritePhases(const std::vector<Run>& runs, const std::string& out);
// phases.*: a stacked bar a run and across it the wall time of an update, which the bar exceeds where phases run side
// by side. Errors are DrawScript's.
absl::Status DrawPhases(const std::vector<Run>& runs, const Style& style, const std::string& out);

// The same as text: milliseconds an update and percent of the wall time, a row a run. Empty where no run has phases.
std::string PhasesTable(const std::vector<Run>& runs);

}  // namespace nmn::report
