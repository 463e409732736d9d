#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::ppo {

// What --device says: nullopt is the CPU, else the index of a CUDA device. INVALID_ARGUMENT unless it is "cpu", "cuda"
// or "cuda:INDEX".
absl::StatusOr<std::optional<int>> ParseDevice(const std::string& name);

// Whether this machine has it. FAILED_PRECONDITION where it has not. Errors are one line that begins with --device.
absl::Status CheckDevice(const std::string& name);

}  // namespace nmn::ppo
