#include "common/fs/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/fs/descriptor.h"
#include "common/fs/errors.h"

namespace nmn::fs {
namespace {

// What the file begins with. A lock holds a process number and is shorter than this.
std::string Beginning(int fd) {
  char text[32];
  const ssize_t size = Retry([&] { return ::pread(fd, text, sizeof(text), 0); });
  return size <= 0 ? "" : std::string(text, static_cast<size_t>(size));
}

// " (pid 12)" of the holder; empty if it has not written it yet.
std::string Holder(int fd) {
  int pid = 0;
  return absl::SimpleAtoi(Beginning(fd), &pid) ? absl::StrCat(" (pid ", pid, ")") : "";
}

// Whether a lock may be written here: a file that is new, or that a lock was written to before. After a power failure
// that file may hold zeros.
bool IsLockFile(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return false;
  const std::string beginning = Beginning(fd);
  int pid = 0;
  return beginning.find_first_not_of('\0') == std::string::npos || absl::SimpleAtoi(beginning, &pid);
}

bool Same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Where an open directory is now; empty if it was removed, or if there is no /proc.
std::string PathOf(int fd) {
  std::error_code error;
  const std::string path = std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", fd), error).string();
  struct stat there {};
  struct stat ours {};
  const bool is_there = !error && ::stat(path.c_str(), &there) == 0 && ::fstat(fd, &ours) == 0 && Same(there, ours);
  return is_there ? path : "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(const std::string& directory,
                                                                      const std::string& holder) {
  const std::string path = directory + "/.lock";
  Descriptor folder(directory, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return SystemError("lock", path, errno);
  const int fd =
      Retry([&] { return ::openat(folder.get(), ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644); });
  if (fd < 0 && errno == ELOOP) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot lock ", path, ": it is a link, and what it points to is left alone; remove it"));
  }
  // No other process has it, which FAILED_PRECONDITION would say.
  if (fd < 0 && errno == EISDIR) return absl::PermissionDeniedError(SystemError("lock", path, errno).message());
  if (fd < 0) return SystemError("lock", path, errno);
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(directory, folder.Release(), fd));
  if (Retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) < 0) {
    if (errno != EWOULDBLOCK) return SystemError("lock", path, errno);
    return absl::FailedPreconditionError(absl::StrCat(directory, " is in use by another ", holder, Holder(fd)));
  }
  if (!IsLockFile(fd)) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot lock ", path, ": it is a file of somebody else, which is left alone; remove it"));
  }
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (Retry([&] { return ::ftruncate(fd, 0); }) < 0 ||
      Retry([&] { return ::pwrite(fd, pid.data(), pid.size(), 0); }) < 0) {
    return SystemError("write", path, errno);
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  ::close(fd_);
  ::close(directory_fd_);
}

absl::Status DirectoryLock::Check() const {
  struct stat there {};
  struct stat ours {};
  const auto error = [](int result) { return result == 0 ? 0 : errno; };
  // Only what is certain counts. A disk that cannot answer just now says so when it is written to.
  const int directory_error = error(::stat(directory_.c_str(), &there));
  if (directory_error == ENOENT || directory_error == ENOTDIR ||
      (directory_error == 0 && ::fstat(directory_fd_, &ours) == 0 && !Same(there, ours))) {
    const std::string now = PathOf(directory_fd_);
    return absl::FailedPreconditionError(absl::StrCat(directory_, " was ", now.empty() ? "removed" : "moved to " + now,
                                                      " by somebody while it was in use",
                                                      now.empty() ? "" : "; go on with it there"));
  }
  if (::fstatat(directory_fd_, ".lock", &there, 0) == 0 && ::fstat(fd_, &ours) == 0 && !Same(there, ours))
    return absl::FailedPreconditionError(
        absl::StrCat(directory_, "/.lock was removed by somebody, and another process has locked the directory"));
  return absl::OkStatus();
}

}  // namespace nmn::fs
