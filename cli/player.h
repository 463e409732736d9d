#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/policy_choice.h"
#include "common/env/environment.h"
#include "common/tensor/view.h"

namespace nmn::cli {

// A batch of episodes that were played. Valid until the next Play.
struct PlayedBatch {
  ConstView3 observation;                     // x [time, observation_size, lane]
  ConstView2 raw_action;                      // u [time, lane]
  ConstView2 action;                          // as fed back [time, lane]
  ConstView2 reward;                          // raw [time, lane]
  ConstView2 mean;                            // of the policy [time, lane]; no rows for a rule
  ConstView2 log_variance;                    // likewise
  std::vector<std::vector<double>> measures;  // [measure][lane]
};

// Sees every step between the policy's choice and the environment's move.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  // `signal` is z of the step, [signal_size, lane]; no rows where there is none.
  virtual void OnStep(uint32_t t, const env::BatchedEnvironment& environment, ConstView2 signal) = 0;
};

// Plays evaluation episodes of one policy in one environment: episode e has the randomness of (seed, update 0, e),
// whatever batch it is played in. Not thread-safe.
class Player {
 public:
  virtual ~Player() = default;
  // Episodes [first_episode, first_episode + lanes); at most the lanes it was made for.
  virtual absl::StatusOr<PlayedBatch> Play(uint32_t first_episode, size_t lanes, StepObserver* observer = nullptr) = 0;
};

// Networks play in the actors' own rollout engine, rules beside the environment.
absl::StatusOr<std::unique_ptr<Player>> MakePlayer(const PolicyChoice& choice, const PolicyFlags& flags,
                                                   size_t max_lanes);

}  // namespace nmn::cli
