#pragma once

#include <string>

#include "absl/status/status.h"
#include "cli/report/adaptation.h"

namespace nmn::report {

// Whether a run is of a task with trials, and has any to show.
bool HasTrials(const Adaptation& adaptation);

// trials.csv: the mean return of the k-th trial of an episode, over the first and the last 1000 training episodes at
// the trials that metrics.jsonl has, and as played. `out` exists.
absl::Status WriteTrials(const Adaptation& adaptation, const std::string& out);

// trials.*: what was played, and the first training episodes beside it; the last where nothing was played. Errors are
// DrawScript's.
absl::Status DrawTrials(const Adaptation& adaptation, const std::string& out);

}  // namespace nmn::report
