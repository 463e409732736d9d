#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "common/trajectory/batch.h"
#include "learner/ppo/network.h"
#include "learner/ppo/policy.h"
#include "learner/ppo/sequences.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What the actors' record becomes before anything is learnt from it, on the networks' device.
struct Collected {
  Sequences episodes;     // what both networks read, [T', .., episode]
  PolicySamples samples;  // for the policy's loss, [T', episode]
  at::Tensor returns;     // the critic's targets before rewards are normalised, [T', episode]
  double explained_variance = 0;
};

// INVALID_ARGUMENT for a batch that is none of this run's.
absl::Status CheckShape(const v1::RunConfig& config, const LearnedNetwork& actor,
                        const trajectory::TrajectoryBatch& batch);

// Evaluates the critic, and in ASYNC the policy, over the episodes; estimates advantages and returns
// (docs/specification.md section 3.3). A copy: nothing of `batch` is read afterwards. DATA_LOSS where an advantage is
// not finite.
absl::StatusOr<Collected> Collect(const v1::RunConfig& config, const LearnedNetwork& actor,
                                  const LearnedNetwork& critic, const trajectory::TrajectoryBatch& batch);

}  // namespace nmn::ppo
