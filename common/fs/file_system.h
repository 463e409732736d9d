#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::fs {

// Where a name leads once links are followed.
struct Target {
  enum class Kind {
    kNothing,  // a file can be made there
    kFile,
    kOther  // a device, a FIFO, an open descriptor such as /dev/stdout: written in place, never replaced
  };
  Kind kind = Kind::kNothing;
  std::string path;  // of what a link led to, in place of the link
};

// A file that is open to be written. Closed without a word when destroyed.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual absl::Status Write(std::string_view content) = 0;
  // fsyncs, where that means anything, and closes.
  virtual absl::Status Close() = 0;
};

// Read takes no larger file: memory would end before its content could be looked at.
inline constexpr uint64_t kMostBytesRead = uint64_t{4} << 30;

// All disk access of durable state goes through here, so that a test can lose unsynced bytes, flip bits and fill the
// disk. Errors carry the path and the system's words: "cannot write runs/a/x: No space left on device". Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // NOT_FOUND where there is none. INVALID_ARGUMENT for a pipe, a socket or a device, as of Append and Truncate.
  virtual absl::StatusOr<std::string> Read(const std::string& path) = 0;
  // `bytes` from `offset` on, or as many as there are.
  virtual absl::StatusOr<std::string> ReadPart(const std::string& path, uint64_t offset, size_t bytes) = 0;
  // Creates or replaces the file's content and fsyncs it (not its directory).
  virtual absl::Status WriteDurably(const std::string& path, std::string_view content) = 0;
  // Adds to the file's end, and creates it where there is none; does not sync. After an error the file is as long as
  // before.
  virtual absl::Status Append(const std::string& path, std::string_view content) = 0;
  virtual absl::Status Sync(const std::string& path) = 0;  // fsync of a file
  // FAILED_PRECONDITION where it is a directory, PERMISSION_DENIED where it is a file that may not be written.
  virtual absl::StatusOr<Target> FollowLinks(const std::string& path) = 0;
  // A file that is not there yet (ALREADY_EXISTS); owner and permission bits are those of `like` where that is a file.
  virtual absl::StatusOr<std::unique_ptr<Writer>> CreateNew(const std::string& path, const Target& like) = 0;
  virtual absl::StatusOr<std::unique_ptr<Writer>> OpenInPlace(const Target& target) = 0;
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

// The one way to write a whole file, all at once or piece by piece. A reader sees the old content or the new, never a
// part: the content goes to a new file of a name of its own in the same folder, is fsynced, renamed, and the folder is
// fsynced. Links are followed; devices and FIFOs are written in place. A file that was not committed is removed.
class WholeFile {
 public:
  static absl::StatusOr<WholeFile> Begin(FileSystem& fs, const std::string& path);
  ~WholeFile();
  WholeFile(WholeFile&&) noexcept;
  WholeFile& operator=(WholeFile&&) = delete;

  absl::Status Write(std::string_view content);
  absl::Status Commit();

 private:
  WholeFile(FileSystem& fs, Target target) : fs_(fs), target_(std::move(target)) {}

  FileSystem& fs_;
  Target target_;
  std::string temporary_;  // empty: written in place, or done
  std::unique_ptr<Writer> writer_;
};

// All at once.
absl::Status WriteAtomically(FileSystem& fs, const std::string& path, std::string_view content);

// A new name in the folder of `path`, for what another program writes before it is renamed: no other process of this
// machine uses it, and RemoveTemporaries knows it.
std::string TemporaryBeside(const std::string& path);
// Whether a file of this name is such a temporary, or one of ours on its way to its own name.
bool IsTemporary(const std::string& name);
// The status with the name of the file in place of the temporary's own, which says nothing to the user.
absl::Status About(const std::string& path, const std::string& temporary, const absl::Status& status);

// Removes what killed writers left behind in this directory: temporaries of this process's number, which an earlier one
// had too, and of processes that are no more on this machine. This process must not be writing there.
absl::Status RemoveTemporaries(FileSystem& fs, const std::string& directory);

}  // namespace nmn::fs
