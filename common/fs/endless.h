#pragma once

#include <string>

#include "absl/status/status.h"

namespace nmn::fs {

// INVALID_ARGUMENT where `path` is a pipe, a socket or a device: nobody may ever write into a pipe, and a device has no
// end. For a file that is read as a whole; `wanted` is what to name in its place.
absl::Status RefuseEndless(const std::string& path, const std::string& wanted);

}  // namespace nmn::fs
