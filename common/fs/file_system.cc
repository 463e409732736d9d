#include "common/fs/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/fs/descriptor.h"
#include "common/fs/errors.h"
#include "common/fs/posix_writer.h"

namespace nmn::fs {
namespace {

absl::Status SyncPath(const std::string& path, int flags) {
  Descriptor file(path, flags | O_NONBLOCK);
  if (!file.ok()) return SystemError("open", path, errno);
  if (Retry([&] { return ::fsync(file.get()); }) < 0) return SystemError("sync", path, errno);
  return absl::OkStatus();
}

// A file, or a directory, on which every call says what is wrong. Opening a pipe would wait for ever for whoever holds
// the other end, and a device has no end.
absl::StatusOr<Descriptor> OpenFile(const char* verb, const std::string& path, int flags, struct stat& about) {
  Descriptor file(path, flags | O_NONBLOCK, 0644);
  // ENXIO: a socket, or a pipe that nobody reads.
  if (!file.ok() && errno != ENXIO) return SystemError(verb, path, errno);
  if (file.ok() && ::fstat(file.get(), &about) < 0) return SystemError(verb, path, errno);
  if (!file.ok() || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot ", verb, " ", path, ": it is a pipe, a socket or a device, and no file"));
  }
  return file;
}

class PosixFileSystem : public FileSystem {
 public:
  absl::StatusOr<std::string> Read(const std::string& path) override {
    struct stat found;
    absl::StatusOr<Descriptor> opened = OpenFile("read", path, O_RDONLY, found);
    if (!opened.ok()) return opened.status();
    const Descriptor file = *std::move(opened);
    if (S_ISREG(found.st_mode) && static_cast<uint64_t>(found.st_size) > kMostBytesRead) {
      return absl::InvalidArgumentError(absl::StrCat(path, " has ", found.st_size,
                                                     " bytes; no file that is read here has more than ", kMostBytesRead,
                                                     ": it is another file, or damaged"));
    }
    std::string content;
    std::string buffer(1 << 16, '\0');
    for (;;) {
      const ssize_t got = Retry([&] { return ::read(file.get(), buffer.data(), buffer.size()); });
      if (got < 0) return SystemError("read", path, errno);
      if (got == 0) return content;
      content.append(buffer, 0, static_cast<size_t>(got));
    }
  }

  absl::StatusOr<std::string> ReadPart(const std::string& path, uint64_t offset, size_t bytes) override {
    struct stat found;
    absl::StatusOr<Descriptor> opened = OpenFile("read", path, O_RDONLY, found);
    if (!opened.ok()) return opened.status();
    const Descriptor file = *std::move(opened);
    std::string content(bytes, '\0');
    size_t read = 0;
    while (read < bytes) {
      const ssize_t got = Retry(
          [&] { return ::pread(file.get(), content.data() + read, bytes - read, static_cast<off_t>(offset + read)); });
      if (got < 0) return SystemError("read", path, errno);
      if (got == 0) break;
      read += static_cast<size_t>(got);
    }
    content.resize(read);
    return content;
  }

  absl::Status WriteDurably(const std::string& path, std::string_view content) override {
    Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!file.ok()) return SystemError("write", path, errno);
    if (const int error = WriteAll(file.get(), content); error != 0) return SystemError("write", path, error);
    if (Retry([&] { return ::fsync(file.get()); }) < 0) return SystemError("sync", path, errno);
    if (file.Close() < 0) return SystemError("close", path, errno);
    return absl::OkStatus();
  }

  absl::Status Append(const std::string& path, std::string_view content) override {
    struct stat before;
    absl::StatusOr<Descriptor> opened = OpenFile("write", path, O_WRONLY | O_CREAT | O_APPEND, before);
    if (!opened.ok()) return opened.status();
    Descriptor file = *std::move(opened);
    if (const int error = WriteAll(file.get(), content); error != 0) {
      if (Retry([&] { return ::ftruncate(file.get(), before.st_size); }) < 0)
        return SystemError("truncate", path, errno);
      return SystemError("write", path, error);
    }
    if (file.Close() < 0) return SystemError("close", path, errno);
    return absl::OkStatus();
  }

  absl::Status Sync(const std::string& path) override { return SyncPath(path, O_RDONLY); }

  absl::StatusOr<Target> FollowLinks(const std::string& path) override { return FollowPosixLinks(path); }
  absl::StatusOr<std::unique_ptr<Writer>> CreateNew(const std::string& path, const Target& like) override {
    return CreatePosixWriter(path, like);
  }
  absl::StatusOr<std::unique_ptr<Writer>> OpenInPlace(const Target& target) override {
    return OpenPosixWriter(target.path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) < 0) return SystemError("rename", absl::StrCat(from, " to ", to), errno);
    return absl::OkStatus();
  }

  absl::Status SyncDirectory(const std::string& path) override { return SyncPath(path, O_RDONLY | O_DIRECTORY); }

  absl::Status CreateDirectories(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) == 0) {
      return S_ISDIR(info.st_mode) ? absl::OkStatus() : SystemError("create directory", path, ENOTDIR);
    }
    std::filesystem::path whole(path);
    if (!whole.has_filename()) whole = whole.parent_path();
    const std::string parent = whole.has_parent_path() ? whole.parent_path().string() : std::string(".");
    if (parent != whole.string()) {
      if (absl::Status status = CreateDirectories(parent); !status.ok()) return status;
    }
    if (::mkdir(whole.c_str(), 0755) < 0 && errno != EEXIST) return SystemError("create directory", path, errno);
    return SyncDirectory(parent);
  }

  absl::Status RemoveAll(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    return error ? SystemError("remove", path, error.value()) : absl::OkStatus();
  }

  absl::Status Truncate(const std::string& path, uint64_t bytes) override {
    struct stat info;
    absl::StatusOr<Descriptor> opened = OpenFile("truncate", path, O_WRONLY, info);
    if (!opened.ok()) return opened.status();
    const Descriptor file = *std::move(opened);
    if (static_cast<uint64_t>(info.st_size) < bytes) {
      return absl::DataLossError(
          absl::StrCat("cannot truncate ", path, " to ", bytes, " bytes: it has only ", info.st_size));
    }
    if (Retry([&] { return ::ftruncate(file.get(), static_cast<off_t>(bytes)); }) < 0 ||
        Retry([&] { return ::fsync(file.get()); }) < 0) {
      return SystemError("truncate", path, errno);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return SystemError("list", path, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    const int error = errno;
    ::closedir(directory);
    if (error != 0) return SystemError("list", path, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<bool> Exists(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT) return false;
    return SystemError("look for", path, errno);
  }

  absl::StatusOr<uint64_t> Size(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) < 0) return SystemError("look for", path, errno);
    return static_cast<uint64_t>(info.st_size);
  }
};

}  // namespace

FileSystem& RealFileSystem() {
  static PosixFileSystem file_system;
  return file_system;
}

}  // namespace nmn::fs
