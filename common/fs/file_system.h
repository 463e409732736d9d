#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::fs {

// All disk access of durable state goes through here, so that a test can lose unsynced bytes, flip bits and fill the
// disk. Errors carry the path and the system's words: "cannot write runs/a/x: No space left on device". Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::string> Read(const std::string& path) = 0;  // NOT_FOUND where there is none
  // Creates or replaces the file's content and fsyncs it (not its directory).
  virtual absl::Status WriteDurably(const std::string& path, std::string_view content) = 0;
  // Adds to the file's end, and creates it where there is none; does not sync. After an error the file is as long as
  // before.
  virtual absl::Status Append(const std::string& path, std::string_view content) = 0;
  virtual absl::Status Sync(const std::string& path) = 0;  // fsync of a file
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  virtual absl::Status CreateDirectories(const std::string& path) = 0;  // and fsyncs the parents of those it makes
  virtual absl::Status RemoveAll(const std::string& path) = 0;          // OK where there is none
  virtual absl::Status Truncate(const std::string& path,
                                uint64_t bytes) = 0;  // and fsync; an error where the file is shorter
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;  // names, sorted
  virtual absl::StatusOr<bool> Exists(const std::string& path) = 0;
  virtual absl::StatusOr<uint64_t> Size(const std::string& path) = 0;
};

FileSystem& RealFileSystem();

// Write to `path`.tmp, fsync, rename, fsync the directory: a reader sees the old content or the new, never a part.
absl::Status WriteAtomically(FileSystem& fs, const std::string& path, std::string_view content);

// An advisory lock on a directory (flock on DIR/.lock), held until destroyed or the process ends, however it ends.
class DirectoryLock {
 public:
  // FAILED_PRECONDITION where another process holds it: "runs/a is in use by another learner (pid 12)".
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Acquire(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace nmn::fs
