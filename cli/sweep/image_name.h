#pragma once

#include <string>

#include "absl/status/status.h"

namespace nmn::sweep {

// Whether images can be pulled from `registry` ("registry.example:5000/nmn"), or can have `tag`, by the grammar of
// image references. INVALID_ARGUMENT names the flag and shows what is legal.
absl::Status CheckRegistry(const std::string& registry);
absl::Status CheckTag(const std::string& tag);

}  // namespace nmn::sweep
