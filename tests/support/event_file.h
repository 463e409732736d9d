#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nmn::testing {

// What a reader finds in a TensorBoard event file (learner/run/tfevents.h has the format).
struct EventFile {
  int versions = 0;            // records that name the format
  std::vector<int64_t> steps;  // of the records with scalars, in the order of the file
  std::string error;           // what is wrong with the first broken record, and where; "" where all are whole
};

// Both checksums of each record are checked, by code of its own.
EventFile ReadEventFile(const std::string& bytes);

}  // namespace nmn::testing
