#pragma once

#include <ATen/core/Tensor.h>

#include "common/tensor/view.h"
#include "common/trajectory/batch.h"
#include "learner/ppo/sequence_model.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// A copy, float32 on the CPU, contiguous.
at::Tensor ToTensor(ConstView2 view);
at::Tensor ToTensor(ConstView3 view);
// A field of the record, [time, episode], or [time, width, episode] where it has more numbers than one.
at::Tensor ToTensor(const trajectory::TrajectoryBatch& batch, v1::Field field);

// What both networks read of whole episodes (nmn.md sections 1 and 2), raw, on the CPU:
//   NMN: recurrent (a_{t-1}, r_{t-1}, x_{t-1}), zero at t = 0; main x_t
//   RNN: recurrent (x_t, a_{t-1}, r_{t-1}), a and r zero at t = 0; main without features
Sequences EpisodeInputs(v1::Architecture architecture, const trajectory::TrajectoryBatch& batch);

// The first `steps` steps.
Sequences FirstSteps(const Sequences& episodes, int64_t steps);

}  // namespace nmn::ppo
