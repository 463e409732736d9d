#pragma once

#include "absl/status/statusor.h"
#include "learner/ppo/critic_replay.h"
#include "learner/ppo/learned_network.h"
#include "learner/ppo/policy_update.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

struct CriticUpdateResult {
  double loss = 0;           // mean of the last epoch
  double gradient_norm = 0;  // of the last step, before clipping
};

// The epochs of one critic update over everything the replay holds (nmn.md section 3).
absl::StatusOr<CriticUpdateResult> UpdateCritic(LearnedNetwork& critic, const CriticReplay& replay,
                                                const v1::PpoOptions& options, const UpdateContext& context);

}  // namespace nmn::ppo
