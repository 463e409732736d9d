#pragma once

#include <ATen/core/Tensor.h>

#include "common/trajectory/batch.h"
#include "learner/ppo/network.h"

namespace nmn::ppo {

// The critic's value of what each truncated trial would have shown next, zeros elsewhere and at the last step: [time,
// episode], float32 on the CPU. One step from the state after the one that ended the trial, which does not advance it.
// Of a record that has final observations.
at::Tensor FinalValues(const LearnedNetwork& critic, const trajectory::TrajectoryBatch& batch);

}  // namespace nmn::ppo
