#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/run.h"

namespace nmn::report {

// Text as a CSV cell: quoted, because labels hold commas.
std::string CsvCell(const std::string& text);
// Quoted only where it must be, so that numbers stay bare.
std::string PlainCsvCell(const std::string& text);

// What figures call the runs' benchmark: "Moving target".
std::string TitleOf(const std::vector<Run>& runs);

// Creates the folder `out`. INVALID_ARGUMENT where there is no run, runs are of two benchmarks, or it cannot be made.
absl::Status PrepareOutput(const std::vector<Run>& runs, const std::string& out);

// Replaces a file as a whole. The error says why it cannot be written.
absl::Status WriteText(const std::string& path, const std::string& text);

}  // namespace nmn::report
