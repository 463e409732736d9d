#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace nmn::text {

// The same failure, whose message begins with what it is about: "runs/a: no space left".
absl::Status Prefixed(std::string_view prefix, const absl::Status& status);

}  // namespace nmn::text
