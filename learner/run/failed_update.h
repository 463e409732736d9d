#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tensor/named_tensor.h"
#include "common/trajectory/batch.h"
#include "learner/ppo/trainer.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::run {

// Everything that decides an update, and how it ended: what is needed to run it again elsewhere (docs/specification.md
// section 3.9).
struct FailedUpdate {
  v1::RunConfig config;
  std::string run_id;
  std::string commit;              // of the build that failed
  uint32_t update = 0;             // from 1
  std::string code;                // of the failure's status, by name
  std::string reason;              // its message
  ppo::TrainerState before;        // the trainer before the update
  std::vector<NamedTensor> batch;  // the arrays of its TrajectoryLayout, in order and by name
};

std::vector<NamedTensor> CopyBatch(const trajectory::TrajectoryBatch& batch);
// Views into failed.batch.
trajectory::TrajectoryBatch BatchOf(const FailedUpdate& failed);

// One safetensors file. Tensors: batch.<field>, weights.<tensor>, optimizer.<tensor>, the last two as in a checkpoint
// (trainer_state.h). Metadata: format "nmn-failed-update-1", run_id, commit, update, code, reason, config and trainer
// (textproto), sha256 of all of these and the tensors.
std::string EncodeFailedUpdate(const FailedUpdate& failed);
// DATA_LOSS for a file that is damaged, INVALID_ARGUMENT for one that is something else; both say what is wrong.
absl::StatusOr<FailedUpdate> DecodeFailedUpdate(std::string_view bytes);

}  // namespace nmn::run
