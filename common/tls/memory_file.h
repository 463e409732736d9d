#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::tls {

// A file that is on no disk (memfd_create) and has a path that only this process can open. For gRPC, which takes
// changing certificates from files alone: private keys stay off the disk, and it sees only what was checked.
class MemoryFile {
 public:
  static absl::StatusOr<MemoryFile> Create(std::string_view content);
  ~MemoryFile();
  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&&) = delete;

  std::string path() const;
  // Who opens the path sees the old content or the new, never a part.
  absl::Status Replace(std::string_view content);

 private:
  explicit MemoryFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace nmn::tls
