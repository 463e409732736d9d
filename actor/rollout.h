#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/env/environment.h"
#include "common/nn/policy_forward.h"
#include "common/trajectory/batch.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::actor {

// What one batch of episodes left behind. Lane i is episode first_episode + i. Views stay valid until the next Run.
struct RolloutResult {
  uint32_t update = 0;
  uint32_t first_episode = 0;
  trajectory::TrajectoryBatch trajectories;
  std::vector<std::vector<double>> measures;  // [measure][lane]
};

// Sees every step of a rollout, e.g. to write a trace.
class RolloutObserver {
 public:
  virtual ~RolloutObserver() = default;
  // Called when the policy has chosen the action of step t and the environment has not yet taken it: the environment's
  // task and state, and the forward's z, are those of step t.
  virtual void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward& forward) = 0;
};

// Plays episodes of ppo.rollout_steps (0: the horizon) with a fixed policy: environment and policy stepped together, a
// batch at a time. Preallocated for max_lanes; a batch with fewer lanes is fine. Not thread-safe. Deterministic as the
// environment and the policy are. Lane i is the same, bit for bit, in any batch that holds its episode. The network's
// head draws the actions (common/nn/policy_head.h), at (seed, update, episode, step).
class RolloutEngine {
 public:
  // INVALID_ARGUMENT for what config::Validate refuses of benchmark, env and network, and for no lanes.
  static absl::StatusOr<std::unique_ptr<RolloutEngine>> Create(const v1::RunConfig& config, size_t max_lanes);
  // The same with a forward pass made elsewhere, for at least max_lanes; it must fit the config's network.
  static absl::StatusOr<std::unique_ptr<RolloutEngine>> CreateWith(std::unique_ptr<nn::PolicyForward> forward,
                                                                   const v1::RunConfig& config, size_t max_lanes);
  virtual ~RolloutEngine() = default;

  // `version`: the first update that they play for, from 1, as the learner numbers them; the policy's bounds are those
  // of that update (config::MinLogVariance).
  virtual void SetParameters(std::span<const float> parameters, uint32_t version) = 0;

  // Plays `lanes` episodes, with the policy at this temperature (PolicyHead::Temper); 0: its choice without noise. What
  // is recorded of the policy is at temperature 1. `stop` is polled between steps; a stopped rollout returns CANCELLED
  // and leaves no result. DATA_LOSS names the step where an action was not finite (broken weights). INVALID_ARGUMENT:
  // lanes is 0 or above max_lanes. Denormals are flushed inside, whatever the calling thread's mode.
  virtual absl::StatusOr<RolloutResult> Run(const env::BatchKey& key, size_t lanes, float temperature = 1,
                                            const std::atomic<bool>* stop = nullptr,
                                            RolloutObserver* observer = nullptr) = 0;

  // A Run that waits for a task of the user's own, now or later, fails soon. Thread-safe; for good.
  virtual void Interrupt() {}
};

}  // namespace nmn::actor
