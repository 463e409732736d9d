#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/env/environment.h"
#include "common/nn/policy_forward.h"
#include "common/trajectory/batch.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::play {

// A batch of episodes that were played. Valid until the next Play.
struct PlayedBatch {
  trajectory::TrajectoryBatch trajectories;
  std::vector<std::vector<double>> measures;  // [measure][lane]
};

// Sees every step between the policy's choice and the environment's move.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  // `network` has z and the recurrent states of the step; null for a rule.
  virtual void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward* network) = 0;
};

// Plays evaluation episodes of one policy in one environment: episode e has the randomness of (seed, update 0, e),
// whatever batch it is played in. Updates count from 1, so no episode is one of training with the same seed. Not
// thread-safe.
class Player {
 public:
  virtual ~Player() = default;
  // Episodes [first_episode, first_episode + lanes); at most the lanes it was made for.
  virtual absl::StatusOr<PlayedBatch> Play(uint32_t first_episode, size_t lanes, StepObserver* observer = nullptr) = 0;
};

env::BatchKey EvaluationKey(uint64_t seed, uint32_t first_episode);

// A network in the actors' own rollout engine. `actor`: its flat parameters, copied. It acts at this temperature
// (RolloutEngine::Run): 1 as in training, 0 without chance. `config`: of those weights by themselves
// (config::ConfigAfter).
absl::StatusOr<std::unique_ptr<Player>> MakeNetworkPlayer(const v1::RunConfig& config, std::span<const float> actor,
                                                          uint64_t seed, float temperature, size_t max_lanes);

}  // namespace nmn::play
