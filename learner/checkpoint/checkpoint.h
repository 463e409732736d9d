#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fs/file_system.h"
#include "common/tensor/named_tensor.h"
#include "nmn/v1/checkpoint.pb.h"

namespace nmn::checkpoint {

// Everything needed to go on bit for bit.
struct Checkpoint {
  v1::CheckpointState state;
  std::vector<NamedTensor> weights;    // weights.safetensors
  std::vector<NamedTensor> optimizer;  // optimizer.safetensors
};

// Checkpoints of one run directory, in DIR/checkpoints:
//
//   ckpt-00000010/        N: updates completed
//     weights.safetensors
//     optimizer.safetensors
//     state.binpb         CheckpointState
//     MANIFEST            CheckpointManifest as textproto: name, bytes and SHA-256 of each file above
//
// Save writes ckpt-N.tmp/*, fsyncs files and directory, renames it to ckpt-N, fsyncs the parent, opens it again and
// verifies it. Only then it deletes all but the newest `keep`.
// Restore goes from the newest to the oldest and verifies everything. A bad one is renamed *.corrupt and reported. One
// of a newer program is left as it is and ends the search.
// There is one writer (the run directory's lock). Not thread-safe.
class CheckpointStore {
 public:
  CheckpointStore(fs::FileSystem& fs, std::string run_directory, uint32_t keep);

  absl::Status Save(const Checkpoint& checkpoint);
  // What kept the last Save from removing an older checkpoint: no failure to save. OK: nothing did.
  const absl::Status& removed() const { return removed_; }

  // The newest valid one; nullopt if none was ever completed. Removes *.tmp that are left over. DATA_LOSS: there are
  // some and none is valid; it names the files and what to do. UNIMPLEMENTED: a newer program wrote the newest whole
  // one (common/build/newer.h). `report` hears of each corrupt one.
  absl::StatusOr<std::optional<Checkpoint>> Restore(const std::function<void(const std::string&)>& report);

  // After this it is as if the checkpoint of that update had never been completed.
  absl::Status Forget(uint32_t update);

  // Whether a checkpoint was ever completed here, valid or not.
  absl::StatusOr<bool> Any();

 private:
  absl::Status RemoveOlder();

  fs::FileSystem& fs_;
  std::string directory_;
  uint32_t keep_;
  absl::Status removed_;
};

// The names of completed checkpoints among those of DIR/checkpoints, newest first. If one update has two, the one in
// place comes before the one that stood aside (*.replaced) while it was replaced.
std::vector<std::string> CompletedFolders(const std::vector<std::string>& names);

// Reads and verifies one checkpoint folder. DATA_LOSS says which file is wrong and how. UNIMPLEMENTED says what in it
// is of a newer program.
absl::StatusOr<Checkpoint> ReadCheckpoint(fs::FileSystem& fs, const std::string& folder);

}  // namespace nmn::checkpoint
