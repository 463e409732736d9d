#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "common/exit_code/exit_code.h"

namespace nmn::cli {

// Prints "nmn VERB: message" to stderr on one line and returns the exit code of the error.
int Fail(std::string_view verb, const absl::Status& status);

}  // namespace nmn::cli
