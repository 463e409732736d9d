#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/fs/file_system.h"

namespace nmn::run {

struct Generation {
  uint32_t count = 0;
  bool was_lost = false;  // the run began earlier, and its count is not there
};

// Counts a learner's start on the run directory (DIR/generation, a whole number) and returns the new count, from 1. It
// is on disk when this returns: before anyone is served, so that no message of an earlier learner can count. DATA_LOSS
// says what to write where the file holds no number.
//
// Where a run goes on (`resumed`) and the file is not there, earlier starts may have had any count up to theirs. The
// count then is the second of the clock since 1970, which no number of starts has reached.
absl::StatusOr<Generation> RaiseGeneration(fs::FileSystem& fs, const std::string& directory, bool resumed);

}  // namespace nmn::run
