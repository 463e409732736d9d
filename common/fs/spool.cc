#include "common/fs/spool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/fs/errors.h"
#include "common/fs/file_system.h"

namespace nmn::fs {

absl::StatusOr<Spool> Spool::Beside(const std::string& path) {
  absl::StatusOr<Target> target = RealFileSystem().FollowLinks(path);
  if (!target.ok()) return target.status();
  std::string folder = std::filesystem::path(target->path).parent_path().string();
  if (folder.empty()) folder = ".";
  if (target->kind == Target::Kind::kOther) {
    std::error_code error;
    folder = std::filesystem::temp_directory_path(error).string();
    if (error) folder = "/tmp";
  }
  Descriptor file(folder, O_TMPFILE | O_RDWR, 0600);
  if (file.ok()) return Spool(path, std::move(folder), std::move(file));
  // Not every file system knows files without a name.
  std::string pattern = folder + "/.nmn-spool-XXXXXX";
  Descriptor named(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!named.ok()) return SystemError("write into", folder, errno);
  ::unlink(pattern.c_str());
  return Spool(path, std::move(folder), std::move(named));
}

absl::Status Spool::Append(std::string_view bytes) {
  const int error = WriteAll(file_.get(), bytes);
  return error == 0 ? absl::OkStatus()
                    : SystemError(absl::StrCat("write the content of ", path_, " into").c_str(), folder_, error);
}

absl::Status Spool::Read(uint64_t offset, size_t size, char* to) const {
  while (size != 0) {
    const ssize_t got = Retry([&] { return ::pread(file_.get(), to, size, static_cast<off_t>(offset)); });
    if (got < 0) return SystemError("read from", folder_, errno);
    if (got == 0) return absl::DataLossError(absl::StrCat("a temporary file in ", folder_, " ended early"));
    offset += static_cast<uint64_t>(got);
    to += got;
    size -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace nmn::fs
