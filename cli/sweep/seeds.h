#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::sweep {

// "1-4,7" is 1, 2, 3, 4, 7: numbers and ranges, in the order given. INVALID_ARGUMENT begins with "--seeds" and says
// what is legal; a seed given twice is one.
absl::StatusOr<std::vector<uint64_t>> ParseSeeds(const std::string& text);

// The opposite, shortest: {1, 2, 3, 7} is "1-3,7".
std::string FormatSeeds(const std::vector<uint64_t>& seeds);

}  // namespace nmn::sweep
