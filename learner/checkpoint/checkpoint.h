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
// Save: write ckpt-N.tmp/*, fsync files and directory, rename to ckpt-N, fsync the parent, open again and verify, and
// only then delete all but the newest `keep`. Restore: newest to oldest, verifying everything; a bad one is renamed
// *.corrupt and reported, one of a newer program is left as it is and ends the search. One writer (the run directory's
// lock); not thread-safe.
class CheckpointStore {
 public:
  CheckpointStore(fs::FileSystem& fs, std::string run_directory, uint32_t keep);

  absl::Status Save(const Checkpoint& checkpoint);

  // The newest valid one; nullopt where none was ever completed (leftover *.tmp are removed). DATA_LOSS, naming files
  // and what to do, where some were and none is valid; UNIMPLEMENTED where a newer program wrote the newest that is
  // whole (common/build/newer.h). `report` hears of each corrupt one.
  absl::StatusOr<std::optional<Checkpoint>> Restore(const std::function<void(const std::string&)>& report);

  // As if the checkpoint of that update had never been completed.
  absl::Status Forget(uint32_t update);

  // Whether a checkpoint was ever completed here, valid or not.
  absl::StatusOr<bool> Any();

 private:
  fs::FileSystem& fs_;
  std::string directory_;
  uint32_t keep_;
};

// The names of completed checkpoints among those of DIR/checkpoints, newest first; of one update the one in place
// before the one that stood aside (*.replaced) while it was replaced.
std::vector<std::string> CompletedFolders(const std::vector<std::string>& names);

// Reads and verifies one checkpoint folder. DATA_LOSS says what is wrong with which file, UNIMPLEMENTED what in it is
// of a newer program.
absl::StatusOr<Checkpoint> ReadCheckpoint(fs::FileSystem& fs, const std::string& folder);

}  // namespace nmn::checkpoint
