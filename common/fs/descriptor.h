#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/fs/errors.h"

namespace nmn::fs {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const std::string& path, int flags, mode_t mode = 0)
      : fd_(Retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); })) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // The caller closes it.
  int Release() { return std::exchange(fd_, -1); }
  // Linux frees the descriptor whatever close says, so it is never repeated.
  int Close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

// 0, or the errno of the write that failed.
inline int WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = Retry([&] { return ::write(fd, content.data(), content.size()); });
    if (written < 0) return errno;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace nmn::fs
