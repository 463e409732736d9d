#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/trace/columns.h"

namespace nmn::trace {

// The steps of one episode that are written.
struct Block {
  uint32_t episode = 0;
  std::vector<uint32_t> t;                 // [row]
  std::vector<std::vector<float>> values;  // [column][row]; empty for the whole numbers episode and t
};

// A file of blocks, written as they come. What is not finished leaves no file.
class Output {
 public:
  virtual ~Output() = default;
  virtual absl::Status Add(const Block& block) = 0;
  virtual absl::Status Finish() = 0;
};

// CSV with a header line; floats with 9 digits, which give the same float32 back. `path` empty: stdout.
absl::StatusOr<std::unique_ptr<Output>> OpenCsv(const std::string& path, const std::vector<Column>& columns);

// For numpy.load: a zip archive, nothing compressed, with an array of one axis for each column under its name, uint32
// for episode and t, float32 for all others. Blocks wait in a file without a name beside `path`. All blocks have as
// many rows as the first; `blocks` of them will come.
absl::StatusOr<std::unique_ptr<Output>> OpenNpz(const std::string& path, const std::vector<Column>& columns,
                                                uint64_t blocks);

}  // namespace nmn::trace
