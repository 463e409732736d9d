#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace nmn::build {

// Files of a program that is newer than this one. They are no damage: such a file is refused and left as it is.

// "nmn 0.1.0 (commit 3f2c..)": how a file names the program that wrote it.
std::string Program();

// UNIMPLEMENTED (exit code 42), in one line. `what`: the file, and what it has that this program does not know, "X has
// format 2". `program`: that wrote it; empty where the file does not say. `knows`: "format 1".
absl::Status NewerError(std::string_view what, std::string_view program, std::string_view knows);

// Whether it is the error of such a file.
bool IsNewer(const absl::Status& status);

// The name of a format, "nmn-policy-1", is `prefix` and a number. NewerError where that is above `known`, and
// INVALID_ARGUMENT for another prefix; the caller names the file.
absl::Status CheckFormat(std::string_view format, std::string_view prefix, uint32_t known, std::string_view program);

}  // namespace nmn::build
