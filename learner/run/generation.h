#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/fs/file_system.h"

namespace nmn::run {

// Counts a learner's start on the run directory (DIR/generation, a whole number) and returns the new count, from 1. It
// is on disk when this returns: before anyone is served, so that no message of an earlier learner can count. DATA_LOSS
// says what to write where the file holds no number.
absl::StatusOr<uint32_t> RaiseGeneration(fs::FileSystem& fs, const std::string& directory);

}  // namespace nmn::run
