#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/run.h"

namespace nmn::report {

// Draws learning_curve.svg and .png (discounted return against episodes) and learning_curve_raw.svg and .png (raw
// return), and writes learning_curve.csv behind both, into `out`, which is created. Runs must be of one benchmark. The
// dotted line is what a policy gets that knows the task, where the environment's options are those of the known figure.
// `each` as in MakeCurves.
//
// The CSV is written before the figures, so it is there even without gnuplot (NOT_FOUND).
absl::Status WriteLearningCurve(const std::vector<Run>& runs, const std::string& out, bool each = false);

// Draws adaptation.svg and .png and writes adaptation.csv: mean reward against in-episode step, over the first and the
// last 1000 episodes. FAILED_PRECONDITION where no run has it in metrics.jsonl.
absl::Status WriteAdaptation(const std::vector<Run>& runs, const std::string& out, bool each = false);

}  // namespace nmn::report
