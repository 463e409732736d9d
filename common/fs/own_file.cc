#include "common/fs/own_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/fs/errors.h"
#include "common/fs/file_system.h"

namespace nmn::fs {

absl::Status MakeOwnFile(const std::string& path) {
  struct stat here {};
  if (::lstat(path.c_str(), &here) != 0) return absl::OkStatus();  // who opens it says why
  if (S_ISDIR(here.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is a directory, and a file of the run has its place; move it away"));
  }
  struct stat end {};
  const bool leads_somewhere = ::stat(path.c_str(), &end) == 0;
  if (!leads_somewhere && errno == ELOOP) return SystemError("read", path, errno);
  if (!leads_somewhere && S_ISLNK(here.st_mode)) {
    std::error_code error;
    return absl::FailedPreconditionError(absl::StrCat(path, " is a link to ",
                                                      std::filesystem::read_symlink(path, error).string(),
                                                      ", which is not there; put that back, or move the link away"));
  }
  if (leads_somewhere && !S_ISREG(end.st_mode) && !S_ISDIR(end.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is a pipe, a socket or a device, and a file of the run has its place; move it away"));
  }
  const bool is_link = S_ISLNK(here.st_mode);
  if (!is_link && !(S_ISREG(here.st_mode) && here.st_nlink > 1)) return absl::OkStatus();
  if (!leads_somewhere || !S_ISREG(end.st_mode)) return absl::OkStatus();
  FileSystem& fs = RealFileSystem();
  const absl::StatusOr<std::string> content = fs.Read(path);
  if (!content.ok()) return content.status();
  const std::string copy = TemporaryBeside(path);
  absl::Status status = fs.WriteDurably(copy, *content);
  if (status.ok()) status = fs.Rename(copy, path);
  if (!status.ok()) fs.RemoveAll(copy).IgnoreError();
  return About(path, copy, status);
}

}  // namespace nmn::fs
