#include "tests/support/fault_file_system.h"

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/fs/errors.h"

namespace nmn::testing {
namespace {

using fs::SystemError;

// What every operation gets once the power is off.
constexpr int kPowerIsOff = EIO;

std::vector<std::string> Parts(const std::string& path) { return absl::StrSplit(path, '/', absl::SkipEmpty()); }

absl::Status Result(const char* verb, const std::string& path, int error) {
  return error == 0 ? absl::OkStatus() : SystemError(verb, path, error);
}

// Bytes that a file may have after the power went between two syncs.
std::string Torn(const std::string& before, const std::string& after, std::mt19937_64& draw) {
  // What an append follows and what a cut leaves was safe before.
  const size_t safe = after.starts_with(before) ? before.size() : before.starts_with(after) ? after.size() : 0;
  const size_t kept = safe + draw() % (after.size() - safe + 1);
  switch (draw() % 3) {
    case 0:
      return before;
    case 1:
      return after.substr(0, kept);
    default:
      return after.substr(0, kept) + std::string(after.size() - kept, '\0');
  }
}

}  // namespace

FaultFileSystem::NodePtr FaultFileSystem::NewDirectory() {
  auto node = std::make_shared<Node>();
  node->directory = true;
  return node;
}

uint64_t FaultFileSystem::steps() const {
  MutexLock lock(mutex_);
  return steps_;
}

void FaultFileSystem::CutPowerAt(uint64_t step) {
  MutexLock lock(mutex_);
  power_cut_ = step;
}

void FaultFileSystem::FailAt(uint64_t step, int error, bool for_ever) {
  MutexLock lock(mutex_);
  fail_at_ = step;
  fail_error_ = error;
  fail_for_ever_ = for_ever;
}

void FaultFileSystem::SetCapacity(uint64_t bytes) {
  MutexLock lock(mutex_);
  capacity_ = bytes;
}

void FaultFileSystem::SetReadOnly(bool read_only) {
  MutexLock lock(mutex_);
  read_only_ = read_only;
}

void FaultFileSystem::ClearFaults() {
  MutexLock lock(mutex_);
  power_cut_ = fail_at_ = capacity_ = UINT64_MAX;
  read_only_ = false;
}

void FaultFileSystem::Settle(Node& node, Survival survival, std::mt19937_64& draw) {
  if (node.directory) {
    size_t version = 0;
    if (survival == Survival::kEverything) version = node.versions.size() - 1;
    if (survival == Survival::kAnything) version = draw() % node.versions.size();
    node.entries = node.versions[version];
    node.versions = {node.entries};
    for (const auto& [name, child] : node.entries) Settle(*child, survival, draw);
    return;
  }
  if (survival == Survival::kNothing) node.content = node.synced_content;
  if (survival == Survival::kAnything && node.content != node.synced_content)
    node.content = Torn(node.synced_content, node.content, draw);
  node.synced_content = node.content;
}

void FaultFileSystem::PowerOn(Survival survival, uint64_t seed) {
  ClearFaults();
  MutexLock lock(mutex_);
  std::mt19937_64 draw(seed);
  Settle(*root_, survival, draw);
}

void FaultFileSystem::FlipBits(const std::string& path, uint64_t offset, uint8_t mask) {
  MutexLock lock(mutex_);
  Node& node = *Find(path);
  node.content[offset] = static_cast<char>(node.content[offset] ^ mask);
  node.synced_content = node.content;
}

void FaultFileSystem::Put(const std::string& path, std::string_view content) {
  MutexLock lock(mutex_);
  Place place;
  if (FindParent(path, place) != 0) return;
  auto file = std::make_shared<Node>();
  file->content = file->synced_content = std::string(content);
  place.parent->entries[place.name] = file;
  place.parent->versions = {place.parent->entries};
}

std::optional<std::string> FaultFileSystem::Get(const std::string& path) const {
  MutexLock lock(mutex_);
  const NodePtr node = Find(path);
  if (node == nullptr || node->directory) return std::nullopt;
  return node->content;
}

FaultFileSystem::NodePtr FaultFileSystem::Find(const std::string& path) const {
  NodePtr node = root_;
  for (const std::string& part : Parts(path)) {
    if (!node->directory) return nullptr;
    const auto found = node->entries.find(part);
    if (found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

int FaultFileSystem::FindParent(const std::string& path, Place& place) const {
  std::vector<std::string> parts = Parts(path);
  if (parts.empty()) return EINVAL;
  place.name = parts.back();
  parts.pop_back();
  place.parent = root_;
  for (const std::string& part : parts) {
    const auto found = place.parent->entries.find(part);
    if (found == place.parent->entries.end()) return ENOENT;
    if (!found->second->directory) return ENOTDIR;
    place.parent = found->second;
  }
  return 0;
}

void FaultFileSystem::Changed(Node& directory) { directory.versions.push_back(directory.entries); }

int FaultFileSystem::Step(bool change) {
  const uint64_t step = steps_++;
  if (step >= power_cut_) return kPowerIsOff;
  if (change && read_only_) return EROFS;
  if (step == fail_at_ || (fail_for_ever_ && step > fail_at_)) return fail_error_;
  return 0;
}

uint64_t FaultFileSystem::BytesIn(const Node& node) const {
  uint64_t bytes = node.content.size();
  for (const auto& [name, child] : node.entries) bytes += BytesIn(*child);
  return bytes;
}

// Adds to the file's end.
int FaultFileSystem::Write(Node& file, std::string_view content) {
  const bool powered = steps_ < power_cut_;
  int error = Step(true);
  if (error == 0 && capacity_ != UINT64_MAX && BytesIn(*root_) + content.size() > capacity_) error = ENOSPC;
  if (error == 0) file.content += content;
  if (error != 0 && error != EROFS && powered) file.content += content.substr(0, content.size() / 2);
  return error;
}

absl::StatusOr<std::string> FaultFileSystem::Read(const std::string& path) {
  MutexLock lock(mutex_);
  if (const int error = Step(false); error != 0) return SystemError("read", path, error);
  const NodePtr node = Find(path);
  if (node == nullptr) return SystemError("read", path, ENOENT);
  if (node->directory) return SystemError("read", path, EISDIR);
  return node->content;
}

absl::StatusOr<std::string> FaultFileSystem::ReadPart(const std::string& path, uint64_t offset, size_t bytes) {
  absl::StatusOr<std::string> content = Read(path);
  if (!content.ok()) return content;
  return content->substr(std::min<uint64_t>(offset, content->size()), bytes);
}

int FaultFileSystem::OpenToWrite(const std::string& path, NodePtr& file) {
  Place place;
  if (const int error = FindParent(path, place); error != 0) return error;
  NodePtr& entry = place.parent->entries[place.name];
  if (entry == nullptr) {
    entry = std::make_shared<Node>();
    Changed(*place.parent);
  }
  if (entry->directory) return EISDIR;
  file = entry;
  return 0;
}

absl::Status FaultFileSystem::WriteDurably(const std::string& path, std::string_view content) {
  MutexLock lock(mutex_);
  if (const int error = Step(true); error != 0) return SystemError("write", path, error);
  NodePtr file;
  if (const int error = OpenToWrite(path, file); error != 0) return SystemError("write", path, error);
  file->content.clear();
  if (const int error = Write(*file, content); error != 0) return SystemError("write", path, error);
  if (const int error = Step(true); error != 0) return SystemError("sync", path, error);
  file->synced_content = file->content;
  return absl::OkStatus();
}

absl::Status FaultFileSystem::Append(const std::string& path, std::string_view content) {
  MutexLock lock(mutex_);
  if (const int error = Step(true); error != 0) return SystemError("write", path, error);
  NodePtr file;
  if (const int error = OpenToWrite(path, file); error != 0) return SystemError("write", path, error);
  const size_t before = file->content.size();
  const int error = Write(*file, content);
  // A process takes back what it half wrote; one without power cannot.
  if (error != 0 && steps_ <= power_cut_) file->content.resize(before);
  return Result("write", path, error);
}

absl::Status FaultFileSystem::Sync(const std::string& path) {
  MutexLock lock(mutex_);
  const NodePtr node = Find(path);
  if (node == nullptr) return SystemError("open", path, ENOENT);
  if (const int error = Step(true); error != 0) return SystemError("sync", path, error);
  node->synced_content = node->content;
  return absl::OkStatus();
}

absl::StatusOr<fs::Target> FaultFileSystem::FollowLinks(const std::string& path) {
  MutexLock lock(mutex_);
  if (const int error = Step(false); error != 0) return SystemError("write", path, error);
  const NodePtr node = Find(path);
  if (node == nullptr) return fs::Target{fs::Target::Kind::kNothing, path};
  if (node->directory) return SystemError("write", path, EISDIR);
  return fs::Target{fs::Target::Kind::kFile, path};
}

// A file that was opened once and is written step by step.
class FaultFileSystem::NewFile final : public fs::Writer {
 public:
  NewFile(FaultFileSystem& disk, std::string path, NodePtr file)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)) {}

  absl::Status Write(std::string_view content) override {
    MutexLock lock(disk_.mutex_);
    return Result("write", path_, disk_.Write(*file_, content));
  }
  absl::Status Close() override {
    MutexLock lock(disk_.mutex_);
    if (const int error = disk_.Step(true); error != 0) return SystemError("sync", path_, error);
    file_->synced_content = file_->content;
    return absl::OkStatus();
  }

 private:
  FaultFileSystem& disk_;
  const std::string path_;
  const NodePtr file_;
};

absl::StatusOr<std::unique_ptr<fs::Writer>> FaultFileSystem::CreateNew(const std::string& path, const fs::Target&) {
  MutexLock lock(mutex_);
  if (const int error = Step(true); error != 0) return SystemError("write", path, error);
  if (Find(path) != nullptr) return SystemError("write", path, EEXIST);
  NodePtr file;
  if (const int error = OpenToWrite(path, file); error != 0) return SystemError("write", path, error);
  return std::make_unique<NewFile>(*this, path, std::move(file));
}

absl::StatusOr<std::unique_ptr<fs::Writer>> FaultFileSystem::OpenInPlace(const fs::Target& target) {
  return SystemError("write", target.path, ENXIO);  // it has files and directories only
}

absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  const auto failed = [&](int error) { return SystemError("rename", absl::StrCat(from, " to ", to), error); };
  MutexLock lock(mutex_);
  if (const int error = Step(true); error != 0) return failed(error);
  Place source, target;
  if (const int error = FindParent(from, source); error != 0) return failed(error);
  if (const int error = FindParent(to, target); error != 0) return failed(error);
  const NodePtr node = Find(from);
  const NodePtr there = Find(to);
  if (node == nullptr) return failed(ENOENT);
  if (there != nullptr && there->directory != node->directory) return failed(node->directory ? ENOTDIR : EISDIR);
  if (there != nullptr && there->directory && !there->entries.empty()) return failed(ENOTEMPTY);
  source.parent->entries.erase(source.name);
  if (target.parent != source.parent) Changed(*source.parent);
  target.parent->entries[target.name] = node;
  Changed(*target.parent);
  return absl::OkStatus();
}

absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  const NodePtr node = Find(path);
  if (node == nullptr) return SystemError("open", path, ENOENT);
  if (!node->directory) return SystemError("open", path, ENOTDIR);
  if (const int error = Step(true); error != 0) return SystemError("sync", path, error);
  node->versions = {node->entries};
  return absl::OkStatus();
}

absl::Status FaultFileSystem::CreateDirectories(const std::string& path) {
  MutexLock lock(mutex_);
  NodePtr node = root_;
  for (const std::string& part : Parts(path)) {
    const auto found = node->entries.find(part);
    if (found != node->entries.end()) {
      node = found->second;
      if (!node->directory) return SystemError("create directory", path, ENOTDIR);
      continue;
    }
    if (const int error = Step(true); error != 0) return SystemError("create directory", path, error);
    node->entries[part] = NewDirectory();
    Changed(*node);
    if (const int error = Step(true); error != 0) return SystemError("sync", path, error);
    node->versions = {node->entries};
    node = node->entries[part];
  }
  return absl::OkStatus();
}

int FaultFileSystem::RemoveTree(Node& parent, const std::string& name) {
  Node& node = *parent.entries.at(name);
  while (!node.entries.empty()) {
    if (const int error = RemoveTree(node, node.entries.begin()->first); error != 0) return error;
  }
  if (const int error = Step(true); error != 0) return error;
  parent.entries.erase(name);
  Changed(parent);
  return 0;
}

absl::Status FaultFileSystem::RemoveAll(const std::string& path) {
  MutexLock lock(mutex_);
  Place place;
  const int error = FindParent(path, place);
  if (error == ENOENT || (error == 0 && !place.parent->entries.contains(place.name))) {
    return Result("remove", path, Step(false));
  }
  return Result("remove", path, error != 0 ? error : RemoveTree(*place.parent, place.name));
}

absl::Status FaultFileSystem::Truncate(const std::string& path, uint64_t bytes) {
  MutexLock lock(mutex_);
  if (const int error = Step(true); error != 0) return SystemError("truncate", path, error);
  const NodePtr node = Find(path);
  if (node == nullptr) return SystemError("truncate", path, ENOENT);
  if (node->content.size() < bytes) {
    return absl::DataLossError(
        absl::StrCat("cannot truncate ", path, " to ", bytes, " bytes: it has only ", node->content.size()));
  }
  node->content.resize(bytes);
  if (const int error = Step(true); error != 0) return SystemError("truncate", path, error);
  node->synced_content = node->content;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(const std::string& path) {
  MutexLock lock(mutex_);
  if (const int error = Step(false); error != 0) return SystemError("list", path, error);
  const NodePtr node = Find(path);
  if (node == nullptr) return SystemError("list", path, ENOENT);
  if (!node->directory) return SystemError("list", path, ENOTDIR);
  std::vector<std::string> names;
  for (const auto& [name, child] : node->entries) names.push_back(name);
  return names;
}

absl::StatusOr<bool> FaultFileSystem::Exists(const std::string& path) {
  MutexLock lock(mutex_);
  if (const int error = Step(false); error != 0) return SystemError("look for", path, error);
  return Find(path) != nullptr;
}

absl::StatusOr<uint64_t> FaultFileSystem::Size(const std::string& path) {
  MutexLock lock(mutex_);
  if (const int error = Step(false); error != 0) return SystemError("look for", path, error);
  const NodePtr node = Find(path);
  if (node == nullptr) return SystemError("look for", path, ENOENT);
  return node->content.size();
}

}  // namespace nmn::testing
