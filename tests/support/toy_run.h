#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/fs/file_system.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/run/event_log.h"
#include "learner/run/run_directory.h"

namespace nmn::testing {

// The durable half of a learner, without its networks: run directory, checkpoints, generation and event log as in
// LearnerRun, in the same order; its weights are a hash of every batch that was trained on. For tests on a fault disk.
// The directory's lock is left out: it belongs to the real file system.
class ToyRun {
 public:
  ToyRun(fs::FileSystem& fs, std::string directory, uint32_t keep = 3);

  // Restores the newest checkpoint or begins with checkpoint 0, cuts the growing files back, raises the generation.
  absl::Status Start();
  // Trains on a batch: weights = SHA-256(weights, batch). The rows of the update are appended; where they cannot be,
  // the status says so and they wait.
  absl::Status Update(const std::string& batch);
  absl::Status Save();

  uint32_t update() const { return update_; }
  uint32_t generation() const { return generation_; }
  const std::string& weights() const { return weights_; }  // 32 bytes
  run::EventLog& events() { return *events_; }
  const std::vector<std::string>& notices() const { return notices_; }  // of corrupt checkpoints

 private:
  absl::Status Restore(const checkpoint::Checkpoint& checkpoint);

  fs::FileSystem& fs_;
  const std::string directory_;
  const uint32_t keep_;
  std::unique_ptr<run::RunDirectory> files_;
  std::unique_ptr<checkpoint::CheckpointStore> checkpoints_;
  std::unique_ptr<run::EventLog> events_;
  uint32_t update_ = 0;
  uint32_t generation_ = 0;
  std::string weights_;
  std::vector<std::string> notices_;
};

// The weights after `batches` and no fault.
std::string ToyWeights(const std::vector<std::string>& batches);

}  // namespace nmn::testing
