#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/run.h"

namespace nmn::report {

// Text as a CSV cell: quoted, because labels hold commas.
std::string CsvCell(const std::string& text);

// Creates the folder `out`. INVALID_ARGUMENT where there is no run, runs are of two benchmarks, or it cannot be made.
absl::Status PrepareOutput(const std::vector<Run>& runs, const std::string& out);

absl::Status WriteText(const std::string& path, const std::string& text);

}  // namespace nmn::report
