#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/fs/file_system.h"
#include "common/sync/mutex.h"

namespace nmn::testing {

// A disk in memory that fails as disks do. Nothing survives a loss of power but what was synced: a file's bytes by
// fsync of the file, a name by fsync of its directory. What else might have reached the disk is chosen by `Survival`.
//
// Every system call of the real file system is a step (a WriteDurably is three: open, write, fsync), numbered from 0;
// faults are set at steps. Paths are split at '/'; the root is there from the start. Thread-safe.
class FaultFileSystem : public fs::FileSystem {
 public:
  // Of what was not synced when the power went.
  enum class Survival {
    kNothing,     // only what was synced
    kEverything,  // all of it, as after a kill of the process
    kAnything,    // drawn: in each directory the first few changes, of each file the old bytes, a part of the new ones,
                  // or the new length with zeros
  };

  uint64_t steps() const;  // taken so far

  // Step `step` and all later ones fail until PowerOn; the step itself has no effect.
  void CutPowerAt(uint64_t step);
  // What survived is what there is. Faults are cleared, steps go on counting.
  void PowerOn(Survival survival, uint64_t seed = 0);
  // Step `step` fails with this errno; all later ones do too where `for_ever`. A write that fails has written half.
  void FailAt(uint64_t step, int error, bool for_ever);
  // Writes beyond this many bytes in all files together fail with ENOSPC.
  void SetCapacity(uint64_t bytes);
  // Changes fail with EROFS.
  void SetReadOnly(bool read_only);
  void ClearFaults();

  // The disk itself, past all faults and as if synced.
  void FlipBits(const std::string& path, uint64_t offset, uint8_t mask);
  void Put(const std::string& path, std::string_view content);  // the directory must exist
  std::optional<std::string> Get(const std::string& path) const;

  absl::StatusOr<std::string> Read(const std::string& path) override;
  absl::StatusOr<std::string> ReadPart(const std::string& path, uint64_t offset, size_t bytes) override;
  absl::Status WriteDurably(const std::string& path, std::string_view content) override;
  absl::Status Append(const std::string& path, std::string_view content) override;
  absl::Status Sync(const std::string& path) override;
  absl::StatusOr<fs::Target> FollowLinks(const std::string& path) override;  // there are none
  absl::StatusOr<std::unique_ptr<fs::Writer>> CreateNew(const std::string& path, const fs::Target& like) override;
  absl::StatusOr<std::unique_ptr<fs::Writer>> OpenInPlace(const fs::Target& target) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status RemoveAll(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t bytes) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::StatusOr<bool> Exists(const std::string& path) override;
  absl::StatusOr<uint64_t> Size(const std::string& path) override;

 private:
  class NewFile;
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  using Entries = std::map<std::string, NodePtr>;
  struct Node {
    bool directory = false;
    std::string content;
    std::string synced_content;
    Entries entries;
    std::vector<Entries> versions = {{}};  // the synced entries, then the entries after each change since
  };
  struct Place {
    NodePtr parent;
    std::string name;
  };

  NodePtr Find(const std::string& path) const NMN_REQUIRES(mutex_);
  // The directory that holds `path`, or an errno.
  int FindParent(const std::string& path, Place& place) const NMN_REQUIRES(mutex_);
  // Finds a file or makes it.
  int OpenToWrite(const std::string& path, NodePtr& file) NMN_REQUIRES(mutex_);
  static void Changed(Node& directory);
  // 0, or the errno of a fault; `change` is false for reads.
  int Step(bool change) NMN_REQUIRES(mutex_);
  int Write(Node& file, std::string_view content) NMN_REQUIRES(mutex_);
  int RemoveTree(Node& parent, const std::string& name) NMN_REQUIRES(mutex_);
  uint64_t BytesIn(const Node& node) const NMN_REQUIRES(mutex_);
  static void Settle(Node& node, Survival survival, std::mt19937_64& draw);

  mutable Mutex mutex_;
  NodePtr root_ NMN_GUARDED_BY(mutex_) = NewDirectory();
  uint64_t steps_ NMN_GUARDED_BY(mutex_) = 0;
  uint64_t power_cut_ NMN_GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t fail_at_ NMN_GUARDED_BY(mutex_) = UINT64_MAX;
  int fail_error_ NMN_GUARDED_BY(mutex_) = 0;
  bool fail_for_ever_ NMN_GUARDED_BY(mutex_) = false;
  uint64_t capacity_ NMN_GUARDED_BY(mutex_) = UINT64_MAX;
  bool read_only_ NMN_GUARDED_BY(mutex_) = false;

  static NodePtr NewDirectory();
};

}  // namespace nmn::testing
