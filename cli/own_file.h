#pragma once

#include <string>

#include "absl/status/status.h"

namespace nmn::cli {

// Whether `path` may be written: no run (docs/run_files.md), sweep or folder of certificates has it as a file of its
// own. INVALID_ARGUMENT names `flag`, the file and its folder. "" is no file.
absl::Status RefuseOwnFile(const std::string& flag, const std::string& path);

}  // namespace nmn::cli
