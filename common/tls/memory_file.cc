#include "common/tls/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fs/descriptor.h"
#include "common/fs/errors.h"

namespace nmn::tls {
namespace {

constexpr char kName[] = "nmn-tls";

absl::StatusOr<fs::Descriptor> Filled(std::string_view content) {
  fs::Descriptor file(::memfd_create(kName, MFD_CLOEXEC));
  if (!file.ok()) return fs::SystemError("make", "a file in memory for certificates", errno);
  if (const int error = fs::WriteAll(file.get(), content); error != 0)
    return fs::SystemError("write", "a file in memory for certificates", error);
  return file;
}

}  // namespace

absl::StatusOr<MemoryFile> MemoryFile::Create(std::string_view content) {
  absl::StatusOr<fs::Descriptor> file = Filled(content);
  if (!file.ok()) return file.status();
  MemoryFile memory(file->Release());
  if (::access(memory.path().c_str(), R_OK) != 0) return fs::SystemError("open", memory.path(), errno);
  return memory;
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

MemoryFile::~MemoryFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::string MemoryFile::path() const { return absl::StrCat("/proc/self/fd/", fd_); }

absl::Status MemoryFile::Replace(std::string_view content) {
  absl::StatusOr<fs::Descriptor> file = Filled(content);
  if (!file.ok()) return file.status();
  // Another file under the same number, in one step.
  if (::dup3(file->get(), fd_, O_CLOEXEC) < 0)
    return fs::SystemError("replace", "a file in memory for certificates", errno);
  return absl::OkStatus();
}

}  // namespace nmn::tls
