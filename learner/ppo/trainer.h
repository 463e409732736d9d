#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tensor/named_tensor.h"
#include "common/trajectory/batch.h"
#include "learner/ppo/update_context.h"
#include "nmn/v1/checkpoint.pb.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// The episodes of one update, in episode order, as the actors recorded them. Borrowed for the duration of Update.
using trajectory::TrajectoryBatch;

// What an update did; becomes a line of metrics.jsonl. Fields that mean nothing are NaN (written as null).
struct UpdateReport {
  double policy_loss = 0;      // of the last epoch
  double critic_loss = 0;      // mean of the last epoch
  double kl = 0;               // mean KL(before || new) over kept steps, from a fresh forward pass, before any revert
  bool reverted = false;       // policy update taken back
  double beta = 0;             // after the update (KL_PENALTY)
  double rate_multiplier = 0;  // after the update
  double policy_learning_rate = 0;  // in force in this update
  double critic_learning_rate = 0;
  double entropy = 0;             // mean over kept steps, of the new policy
  double mean_deviation = 0;      // mean over kept steps of the raw action's sd, of the behaviour policy; NaN: choices
  double explained_variance = 0;  // 1 - Var(R - V) / Var(R) over kept steps, with the critic before its update
  uint32_t critic_blind_updates = 0;  // in a row until now, as critic_health.h counts them
  double clip_fraction = 0;           // CLIPPED_RATIO; NaN otherwise
  double policy_gradient_norm = 0;    // of the last step, before clipping
  double critic_gradient_norm = 0;
  std::map<std::string, double> phase_seconds;  // "advantages", "policy", "critic"; the last two may overlap
};

// All state of training: parameters, Adam moments, critic replay, scalars.
struct TrainerState {
  std::vector<NamedTensor> weights;    // "actor.<tensor>" then "critic.<tensor>", in export order (network_spec.h)
  std::vector<NamedTensor> optimizer;  // Adam moments of both, and the critic's replay
  v1::TrainerScalars scalars;
};

enum class Engine {
  kAuto,     // the hand-written loop on the CPU, LibTorch's operators elsewhere
  kLibTorch  // always LibTorch's operators: the twin, for tests and comparisons
};

// kAuto; in a tree configured with -DNMN_LIBTORCH_ENGINE=ON kLibTorch, so that its tests run what a GPU runs.
Engine DefaultEngine();

struct TrainerOptions {
  std::string device = "cpu";  // "cpu", "cuda", "cuda:0"
  int threads = 1;  // of each network's loop; from 2 on, policy and critic learn side by side; does not change results
  Engine engine = DefaultEngine();
  StepObserver on_step = nullptr;  // for debugging; may be empty
};

// PPO as docs/specification.md section 3. Not thread-safe. No exception leaves it. Deterministic on the CPU: same
// config, state and batches, same bits.
class Trainer {
 public:
  // Fresh networks from config.seed. FAILED_PRECONDITION, in one line, where `device` is not there.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const v1::RunConfig& config, const TrainerOptions& options);
  virtual ~Trainer() = default;

  // One update. `update` counts from 1. `stop` is polled between optimiser steps. On CANCELLED (stopped), DATA_LOSS
  // (something stayed non-finite after the revert) or ABORTED (too many reverts in a row: "training has diverged"), the
  // whole state is as before the call.
  //
  // `policy_ready` is called once the policy's update is done, from the caller's thread, while the critic may still
  // learn: `batch` is not read from then on, and ActorParameters() are those after the update, unless the critic fails
  // and Update with it.
  virtual absl::StatusOr<UpdateReport> Update(uint32_t update, const TrajectoryBatch& batch,
                                              const std::stop_token& stop = {},
                                              const std::function<void()>& policy_ready = nullptr) = 0;

  // Flat actor parameters in network_spec order: what actors get. May be called from policy_ready.
  virtual std::vector<float> ActorParameters() const = 0;

  virtual TrainerState Save() const = 0;
  // INVALID_ARGUMENT names the tensor that does not fit.
  virtual absl::Status Restore(const TrainerState& state) = 0;
};

}  // namespace nmn::ppo
