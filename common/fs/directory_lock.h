#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::fs {

// An advisory lock on a directory (flock on DIR/.lock), held until destroyed or the process ends, however it ends.
class DirectoryLock {
 public:
  // `holder` names what holds such a directory. FAILED_PRECONDITION where another process does:
  // "runs/a is in use by another learner (pid 12)".
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Acquire(const std::string& directory,
                                                                const std::string& holder);
  ~DirectoryLock();
  // Whether its name still leads to the directory, and nobody else can have locked that. A directory that was moved,
  // removed or made anew, or whose .lock was, is another's: FAILED_PRECONDITION says where the locked one is now.
  absl::Status Check() const;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  DirectoryLock(std::string directory, int directory_fd, int fd)
      : directory_(std::move(directory)), directory_fd_(directory_fd), fd_(fd) {}
  const std::string directory_;
  const int directory_fd_;
  const int fd_;  // of .lock
};

}  // namespace nmn::fs
