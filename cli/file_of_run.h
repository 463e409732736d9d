#pragma once

#include <string>

#include "absl/status/status.h"

namespace nmn::cli {

// Whether `path` may be written: no run has it as a file of its own (docs/run_files.md). INVALID_ARGUMENT names `flag`,
// the file and the run. "" is no file.
absl::Status RefuseFileOfRun(const std::string& flag, const std::string& path);

}  // namespace nmn::cli
