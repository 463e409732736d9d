#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/fs/errors.h"
#include "common/fs/file_system.h"

namespace nmn::fs {
namespace {

// " (pid 12)" of the holder, empty where it has not written it yet.
std::string Holder(int fd) {
  char text[32];
  const ssize_t size = Retry([&] { return ::pread(fd, text, sizeof(text), 0); });
  int pid = 0;
  if (size <= 0 || !absl::SimpleAtoi(absl::string_view(text, static_cast<size_t>(size)), &pid)) return "";
  return absl::StrCat(" (pid ", pid, ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(const std::string& directory) {
  const std::string path = directory + "/.lock";
  const int fd = Retry([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); });
  if (fd < 0) return SystemError("lock", path, errno);
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
  if (Retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) < 0) {
    if (errno != EWOULDBLOCK) return SystemError("lock", path, errno);
    return absl::FailedPreconditionError(absl::StrCat(directory, " is in use by another learner", Holder(fd)));
  }
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (Retry([&] { return ::ftruncate(fd, 0); }) < 0 ||
      Retry([&] { return ::pwrite(fd, pid.data(), pid.size(), 0); }) < 0) {
    return SystemError("write", path, errno);
  }
  return lock;
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace nmn::fs
