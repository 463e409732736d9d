#pragma once

#include <vector>

#include "common/nn/action_space.h"
#include "common/nn/policy_forward.h"
#include "common/trajectory/batch.h"

namespace nmn::trajectory {

// Steps a network through episodes as they are recorded: at step t it reads the observation of t and what came of t -
// 1, zeros at t = 0. Actions with choices and the ends of trials are read as one-hots. The learner reads whole episodes
// at once instead (ppo::EpisodeInputs), and a test holds the two together. Preallocated for max_lanes; not thread-safe.
class StepInputs {
 public:
  StepInputs(const nn::NetworkSpec& spec, size_t max_lanes);

  // One PolicyForward::Step of a network of that spec, at step t of `record`, whose observations are there up to t and
  // whose other fields up to t - 1. The lanes are those of the network's last Reset.
  void Step(const TrajectoryBatch& record, size_t t, nn::PolicyForward& forward, View2 output);

 private:
  const nn::ActionCoding coding_;
  const uint32_t trial_end_inputs_;
  std::vector<float> one_hots_;     // [read_width, lane]; none for a box
  std::vector<float> trial_ends_;   // [trial_end_inputs, lane]
  const std::vector<float> zeros_;  // what an episode's first step is fed
};

}  // namespace nmn::trajectory
