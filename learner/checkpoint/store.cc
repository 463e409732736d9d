#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/build/newer.h"
#include "common/digest/sha256.h"
#include "common/failpoint/failpoint.h"
#include "common/safetensors/safetensors.h"
#include "common/text/prefixed.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/checkpoint/layout.h"

namespace nmn::checkpoint {
namespace {

using failpoint::Hit;
using failpoint::Point;

const char kTemporary[] = ".tmp";
const char kCorrupt[] = ".corrupt";
// A checkpoint that is being replaced by another of the same update stands aside under this name until the new one is
// in place.
const char kReplaced[] = ".replaced";

bool WasCompleted(const std::string& name) {
  return UpdateOfFolder(name).has_value() || UpdateOfFolder(name, kReplaced).has_value() ||
         absl::EndsWith(name, kCorrupt);
}

// What a process that ended has begun to write or to remove. Other names are somebody else's.
bool IsTemporary(absl::string_view name) {
  return absl::ConsumeSuffix(&name, kTemporary) && WasCompleted(std::string(name));
}

// The disk or its permissions are at fault, not the checkpoint: nothing is to be thrown away.
bool IsAboutAccess(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsResourceExhausted(status);
}

// A disk that fails to read may do so once; what it then reads is judged by its content.
absl::StatusOr<Checkpoint> ReadTwice(fs::FileSystem& fs, const std::string& folder) {
  absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(fs, folder);
  const bool readable = checkpoint.ok() || absl::IsDataLoss(checkpoint.status()) || IsAboutAccess(checkpoint.status());
  return readable ? std::move(checkpoint) : ReadCheckpoint(fs, folder);
}

// A rename target must be free: a directory does not replace one that has files. A directory of an overlay's lower
// layer (of a container whose image has the run) cannot be renamed: its files are copied, as mv does.
absl::Status MoveAside(fs::FileSystem& fs, const std::string& from, const std::string& to) {
  if (absl::Status status = fs.RemoveAll(to); !status.ok()) return status;
  if (absl::Status status = fs.Rename(from, to); !absl::IsUnimplemented(status)) return status;
  const absl::StatusOr<std::vector<std::string>> names = fs.List(from);
  if (!names.ok()) return names.status();
  if (absl::Status status = fs.CreateDirectories(to); !status.ok()) return status;
  for (const std::string& name : *names) {
    const absl::StatusOr<std::string> content = fs.Read(absl::StrCat(from, "/", name));
    if (!content.ok()) return content.status();
    if (absl::Status status = fs.WriteDurably(absl::StrCat(to, "/", name), *content); !status.ok()) return status;
  }
  if (absl::Status status = fs.SyncDirectory(to); !status.ok()) return status;
  return fs.RemoveAll(from);
}

// First renamed to .tmp, so that a half removed checkpoint is never taken for one.
absl::Status Remove(fs::FileSystem& fs, const std::string& folder) {
  if (absl::Status status = MoveAside(fs, folder, folder + kTemporary); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kSaveRemoving); !status.ok()) return status;
  return fs.RemoveAll(folder + kTemporary);
}

absl::Status WriteFolder(fs::FileSystem& fs, const std::string& folder, const Checkpoint& checkpoint) {
  v1::CheckpointState state = checkpoint.state;
  state.set_format(kFormat);
  const std::pair<const char*, std::string> files[] = {
      {kWeights, EncodeSafetensors(checkpoint.weights, {{kProgram, build::Program()}})},
      {kOptimizer, EncodeSafetensors(checkpoint.optimizer, {})},
      {kState, state.SerializeAsString()}};
  v1::CheckpointManifest manifest;
  manifest.set_format(kFormat);
  manifest.set_update(state.update());
  if (absl::Status status = fs.RemoveAll(folder); !status.ok()) return status;
  if (absl::Status status = fs.CreateDirectories(folder); !status.ok()) return status;
  for (const auto& [name, content] : files) {
    v1::ManifestFile& file = *manifest.add_files();
    file.set_name(name);
    file.set_bytes(content.size());
    file.set_sha256(Hex(Sha256Of(content)));
    if (absl::Status status = fs.WriteDurably(absl::StrCat(folder, "/", name), content); !status.ok()) return status;
    if (absl::Status status = Hit(Point::kSaveFileWritten); !status.ok()) return status;
  }
  const std::string path = absl::StrCat(folder, "/", kManifest);
  if (absl::Status status = fs.WriteDurably(path, ManifestText(manifest)); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kSaveManifestWritten); !status.ok()) return status;
  return fs.SyncDirectory(folder);
}

}  // namespace

std::vector<std::string> CompletedFolders(const std::vector<std::string>& names) {
  std::vector<std::pair<uint32_t, std::string>> found;
  for (const std::string& name : names) {
    for (const char* suffix : {"", kReplaced}) {
      if (const auto update = UpdateOfFolder(name, suffix); update.has_value()) found.emplace_back(*update, name);
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<std::string> completed;
  for (auto& [update, name] : found) completed.push_back(std::move(name));
  return completed;
}

CheckpointStore::CheckpointStore(fs::FileSystem& fs, std::string run_directory, uint32_t keep)
    : fs_(fs), directory_(std::move(run_directory) + "/checkpoints"), keep_(std::max(keep, 1u)) {}

absl::Status CheckpointStore::Save(const Checkpoint& checkpoint) {
  if (absl::Status status = Hit(Point::kSaveBegin); !status.ok()) return status;
  const std::string folder = absl::StrCat(directory_, "/", FolderName(checkpoint.state.update()));
  const std::string temporary = folder + kTemporary;
  if (absl::Status status = fs_.CreateDirectories(directory_); !status.ok()) return status;
  if (absl::Status status = WriteFolder(fs_, temporary, checkpoint); !status.ok()) {
    // What was written is of no use and may be what fills the disk; the reason of the failure is what counts.
    fs_.RemoveAll(temporary).IgnoreError();
    return status;
  }
  if (absl::Status status = Hit(Point::kSaveFolderSynced); !status.ok()) return status;
  const absl::StatusOr<bool> exists = fs_.Exists(folder);
  if (!exists.ok()) return exists.status();
  if (*exists) {
    if (absl::Status status = MoveAside(fs_, folder, folder + kReplaced); !status.ok()) return status;
    if (absl::Status status = Hit(Point::kSaveMovedAside); !status.ok()) return status;
  }
  if (absl::Status status = fs_.Rename(temporary, folder); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kSaveRenamed); !status.ok()) return status;
  if (absl::Status status = fs_.SyncDirectory(directory_); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kSaveDirectorySynced); !status.ok()) return status;
  if (absl::Status status = ReadTwice(fs_, folder).status(); !status.ok()) {
    if (!IsAboutAccess(status)) MoveAside(fs_, folder, folder + kCorrupt).IgnoreError();
    return text::Prefixed("a checkpoint cannot be read back after it was written", status);
  }
  if (absl::Status status = Hit(Point::kSaveVerified); !status.ok()) return status;

  removed_ = RemoveOlder();
  failpoint::Pass(Point::kSaveDone);
  return absl::OkStatus();
}

absl::Status CheckpointStore::RemoveOlder() {
  const absl::StatusOr<std::vector<std::string>> names = fs_.List(directory_);
  if (!names.ok()) return names.status();
  uint32_t kept = 0;
  absl::Status removed;
  for (const std::string& name : CompletedFolders(*names)) {
    if (UpdateOfFolder(name).has_value() && ++kept <= keep_) continue;
    removed.Update(Remove(fs_, absl::StrCat(directory_, "/", name)));
  }
  return removed;
}

absl::StatusOr<std::optional<Checkpoint>> CheckpointStore::Restore(
    const std::function<void(const std::string&)>& report) {
  if (absl::Status status = Hit(Point::kRestoreBegin); !status.ok()) return status;
  const absl::StatusOr<bool> exists = fs_.Exists(directory_);
  if (!exists.ok()) return exists.status();
  if (!*exists) return std::nullopt;
  const absl::StatusOr<std::vector<std::string>> names = fs_.List(directory_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!IsTemporary(name)) continue;
    if (absl::Status status = fs_.RemoveAll(absl::StrCat(directory_, "/", name)); !status.ok()) return status;
  }
  if (absl::Status status = Hit(Point::kRestoreTemporariesRemoved); !status.ok()) return status;
  std::vector<std::string> reasons;
  for (const std::string& name : CompletedFolders(*names)) {
    const std::string folder = absl::StrCat(directory_, "/", name);
    absl::StatusOr<Checkpoint> checkpoint = ReadTwice(fs_, folder);
    if (checkpoint.ok()) {
      if (absl::Status status = Hit(Point::kRestoreRead); !status.ok()) return status;
      return std::optional<Checkpoint>(*std::move(checkpoint));
    }
    if (IsAboutAccess(checkpoint.status()) || build::IsNewer(checkpoint.status())) return checkpoint.status();
    reasons.emplace_back(checkpoint.status().message());
    report(absl::StrCat("corrupt checkpoint: ", reasons.back(), "; kept as ", folder, kCorrupt));
    if (absl::Status status = MoveAside(fs_, folder, folder + kCorrupt); !status.ok()) return status;
    if (absl::Status status = Hit(Point::kRestoreMovedCorrupt); !status.ok()) return status;
    if (absl::Status status = fs_.SyncDirectory(directory_); !status.ok()) return status;
  }
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, kCorrupt))
      reasons.push_back(absl::StrCat(directory_, "/", name, " was found corrupt before"));
  }
  if (reasons.empty()) return std::nullopt;
  return absl::DataLossError(absl::StrCat("no checkpoint in ", directory_, " is valid: ", absl::StrJoin(reasons, "; "),
                                          "; put a good copy back, or move ", directory_,
                                          " away to start from nothing"));
}

absl::Status CheckpointStore::Forget(uint32_t update) {
  const std::string folder = absl::StrCat(directory_, "/", FolderName(update));
  for (const std::string& name : {folder, folder + kCorrupt}) {
    const absl::StatusOr<bool> exists = fs_.Exists(name);
    if (!exists.ok()) return exists.status();
    if (!*exists) continue;
    if (absl::Status status = Remove(fs_, name); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CheckpointStore::Any() {
  const absl::StatusOr<bool> exists = fs_.Exists(directory_);
  if (!exists.ok()) return exists.status();
  if (!*exists) return false;
  const absl::StatusOr<std::vector<std::string>> names = fs_.List(directory_);
  if (!names.ok()) return names.status();
  return std::any_of(names->begin(), names->end(), WasCompleted);
}

}  // namespace nmn::checkpoint
