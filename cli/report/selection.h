#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/report/run.h"

namespace nmn::report {

// The runs of a report, each once, and what a reader must know about those that were left out or are not whole.
struct Selection {
  std::vector<Run> runs;
  std::vector<std::string> notices;
};

// Reads the run directories among `paths`; a folder that is none, but holds some, stands for them, in the order of
// their names. A run that comes again is counted once and named: the same directory, a copy (the same run_id; the
// longer one counts), or, unless `each`, another run of the same config and seed with the same episodes. A run without
// an episode is left out and named; FAILED_PRECONDITION where none is left. Errors are ReadRun's.
absl::StatusOr<Selection> SelectRuns(const std::vector<std::string>& paths, bool each);

std::vector<std::string> ExpandRunDirectories(const std::vector<std::string>& paths);

}  // namespace nmn::report
