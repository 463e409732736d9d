#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/fs/file_system.h"

namespace nmn::fs {
namespace {

const char kPrefix[] = ".nmn-";
const char kSuffix[] = ".tmp";

std::string Folder(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// A name of this process, which another may have too (in its own namespace of process numbers). Short, so that it fits
// wherever the file's own name does.
std::string TemporaryName() {
  static std::atomic<uint64_t> number{0};
  return absl::StrCat(kPrefix, ::getpid(), "-", number.fetch_add(1), kSuffix);
}

// Another process, and not the first of the machine, which writes no such files: in a container that is this one.
bool IsOfALiveProcess(const std::string& temporary) {
  const int pid = std::atoi(temporary.c_str() + std::strlen(kPrefix));
  return pid > 1 && pid != ::getpid() && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

std::string TemporaryBeside(const std::string& path) { return absl::StrCat(Folder(path), "/", TemporaryName()); }

bool IsTemporary(const std::string& name) { return absl::StartsWith(name, kPrefix) && absl::EndsWith(name, kSuffix); }

absl::Status About(const std::string& path, const std::string& temporary, const absl::Status& status) {
  if (status.ok() || temporary.empty()) return status;
  std::string text(status.message());
  if (const size_t place = text.find(temporary); place != std::string::npos)
    text.replace(place, temporary.size(), path);
  return absl::Status(status.code(), text);
}

WholeFile::WholeFile(WholeFile&& other) noexcept
    : fs_(other.fs_),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, "")),
      writer_(std::move(other.writer_)) {}

WholeFile::~WholeFile() {
  if (temporary_.empty()) return;
  writer_.reset();
  fs_.RemoveAll(temporary_).IgnoreError();
}

absl::StatusOr<WholeFile> WholeFile::Begin(FileSystem& fs, const std::string& path) {
  absl::StatusOr<Target> target = fs.FollowLinks(path);
  if (!target.ok()) return target.status();
  WholeFile file(fs, *std::move(target));
  absl::StatusOr<std::unique_ptr<Writer>> writer;
  if (file.target_.kind == Target::Kind::kOther) {
    writer = fs.OpenInPlace(file.target_);
  } else {
    std::string temporary;
    do {
      temporary = TemporaryBeside(file.target_.path);
      writer = fs.CreateNew(temporary, file.target_);
    } while (absl::IsAlreadyExists(writer.status()));
    if (!writer.ok()) return About(path, temporary, writer.status());
    file.temporary_ = std::move(temporary);
  }
  if (!writer.ok()) return writer.status();
  file.writer_ = *std::move(writer);
  return file;
}

absl::Status WholeFile::Write(std::string_view content) {
  return About(target_.path, temporary_, writer_->Write(content));
}

absl::Status WholeFile::Commit() {
  if (absl::Status status = writer_->Close(); !status.ok()) return About(target_.path, temporary_, status);
  if (temporary_.empty()) return absl::OkStatus();
  if (absl::Status status = fs_.Rename(temporary_, target_.path); !status.ok()) return status;
  temporary_.clear();
  return fs_.SyncDirectory(Folder(target_.path));
}

absl::Status WriteAtomically(FileSystem& fs, const std::string& path, std::string_view content) {
  absl::StatusOr<WholeFile> file = WholeFile::Begin(fs, path);
  if (!file.ok()) return file.status();
  if (absl::Status status = file->Write(content); !status.ok()) return status;
  return file->Commit();
}

absl::Status RemoveTemporaries(FileSystem& fs, const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = fs.List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!IsTemporary(name) || IsOfALiveProcess(name)) continue;
    if (absl::Status status = fs.RemoveAll(absl::StrCat(directory, "/", name)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace nmn::fs
