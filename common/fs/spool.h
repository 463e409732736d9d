#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fs/descriptor.h"

namespace nmn::fs {

// A file without a name, for what is too much for memory: gone once destroyed, however the process ends.
class Spool {
 public:
  // Where `path` will be, so that it needs no other disk; in the folder for temporary files where `path` is a device or
  // a FIFO.
  static absl::StatusOr<Spool> Beside(const std::string& path);

  absl::Status Append(std::string_view bytes);
  // `size` bytes from `offset`, all of which were appended, into `to`.
  absl::Status Read(uint64_t offset, size_t size, char* to) const;

 private:
  Spool(std::string path, std::string folder, Descriptor file)
      : path_(std::move(path)), folder_(std::move(folder)), file_(std::move(file)) {}

  std::string path_;  // of what it is for
  std::string folder_;
  Descriptor file_;
};

}  // namespace nmn::fs
