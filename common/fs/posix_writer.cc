#include "common/fs/posix_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/fs/descriptor.h"
#include "common/fs/errors.h"

namespace nmn::fs {
namespace {

constexpr int kMostLinks = 40;  // as the kernel
constexpr mode_t kNewMode = 0644;
constexpr mode_t kPermissionBits = 07777;
const char kOwnDescriptors[] = "/proc/self/fd";

class PosixWriter final : public Writer {
 public:
  // `unnamed`: the file gets its name when it is closed.
  PosixWriter(std::string path, Descriptor file, bool unnamed)
      : path_(std::move(path)), file_(std::move(file)), unnamed_(unnamed) {}

  absl::Status Write(std::string_view content) override {
    const int error = WriteAll(file_.get(), content);
    return error == 0 ? absl::OkStatus() : SystemError("write", path_, error);
  }

  absl::Status Close() override {
    // A pipe and most devices have nothing to sync, and say so.
    if (Retry([&] { return ::fsync(file_.get()); }) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP) {
      return SystemError("sync", path_, errno);
    }
    const std::string link = absl::StrCat(kOwnDescriptors, "/", file_.get());
    if (unnamed_ && ::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW) < 0) {
      return SystemError("write", path_, errno);
    }
    return file_.Close() < 0 ? SystemError("close", path_, errno) : absl::OkStatus();
  }

 private:
  std::string path_;
  Descriptor file_;
  bool unnamed_;
};

std::string Folder(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// 1 of /proc/self/fd/1 or /dev/fd/1. What such a link leads to may have no name, or another position than a second
// opening has.
std::optional<int> OwnDescriptor(const std::string& path) {
  std::error_code error;
  int fd = 0;
  const bool inside = std::filesystem::equivalent(Folder(path), kOwnDescriptors, error) && !error;
  if (!inside || !absl::SimpleAtoi(std::filesystem::path(path).filename().string(), &fd)) return std::nullopt;
  return fd;
}

// What stands in a file's place is there until somebody takes it away.
absl::Status WillNotGetBetter(const std::string& path, int error) {
  return absl::FailedPreconditionError(SystemError("write", path, error).message());
}

}  // namespace

absl::StatusOr<Target> FollowPosixLinks(const std::string& path) {
  Target target{Target::Kind::kNothing, path};
  for (int links = 0;; ++links) {
    if (OwnDescriptor(target.path).has_value()) {
      target.kind = Target::Kind::kOther;
      return target;
    }
    struct stat info;
    if (::lstat(target.path.c_str(), &info) < 0) {
      if (errno == ELOOP) return WillNotGetBetter(path, ELOOP);
      if (errno != ENOENT) return SystemError("write", path, errno);
      return target;
    }
    if (S_ISLNK(info.st_mode)) {
      if (links == kMostLinks) return WillNotGetBetter(path, ELOOP);
      std::error_code error;
      const std::filesystem::path next = std::filesystem::read_symlink(target.path, error);
      if (error) return SystemError("write", path, error.value());
      target.path = next.is_absolute() ? next.string() : (std::filesystem::path(Folder(target.path)) / next).string();
      continue;
    }
    if (S_ISDIR(info.st_mode)) {
      return WillNotGetBetter(path, EISDIR);
    }
    target.kind = S_ISREG(info.st_mode) ? Target::Kind::kFile : Target::Kind::kOther;
    if (::faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) < 0) return SystemError("write", path, errno);
    return target;
  }
}

absl::StatusOr<std::unique_ptr<Writer>> CreatePosixWriter(const std::string& path, const Target& like) {
  struct stat wanted {};
  const bool copies = like.kind == Target::Kind::kFile && ::stat(like.path.c_str(), &wanted) == 0;
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) return SystemError("write", path, EEXIST);
  // Nobody may read it before it has the bits of the file that it replaces. Without a name it is gone with its process,
  // however that ends; not every file system can do it.
  const mode_t mode = copies ? 0600 : kNewMode;
  Descriptor without_name(Folder(path), O_TMPFILE | O_WRONLY, mode);
  const bool unnamed = without_name.ok() && ::access(kOwnDescriptors, X_OK) == 0;
  Descriptor file = unnamed ? std::move(without_name) : Descriptor(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!file.ok()) return SystemError("write", path, errno);
  if (copies) {
    struct stat made {};
    if (::fstat(file.get(), &made) < 0) return SystemError("write", path, errno);
    // Only root can give a file away; for all others it becomes their own, as with any rename.
    const bool given = (made.st_uid == wanted.st_uid && made.st_gid == wanted.st_gid) ||
                       ::fchown(file.get(), wanted.st_uid, wanted.st_gid) == 0;
    const mode_t bits = wanted.st_mode & (given ? kPermissionBits : mode_t{0777});
    if (::fchmod(file.get(), bits) < 0) return SystemError("set the permissions of", path, errno);
  }
  return std::make_unique<PosixWriter>(path, std::move(file), unnamed);
}

absl::StatusOr<std::unique_ptr<Writer>> OpenPosixWriter(const std::string& path) {
  const std::optional<int> own = OwnDescriptor(path);
  Descriptor file = own.has_value() ? Descriptor(::fcntl(*own, F_DUPFD_CLOEXEC, 3)) : Descriptor(path, O_WRONLY);
  if (!file.ok()) return SystemError("write", path, errno);
  return std::make_unique<PosixWriter>(path, std::move(file), /*unnamed=*/false);
}

}  // namespace nmn::fs
