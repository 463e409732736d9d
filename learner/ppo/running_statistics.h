#pragma once

#include "common/trajectory/batch.h"
#include "learner/ppo/network.h"
#include "nmn/v1/checkpoint.pb.h"

namespace nmn::ppo {

// What is normalised (docs/specification.md section 3.13): the moments of every number of an observation, of the
// reward, and of the discounted sum of rewards from each step to the end of its episode, or of its trial where a
// trial's end cuts returns; over all steps of training.

// Adds an update's episodes, in their order, in float64. Those of one update are summed first, and the sums are joined
// to what is there (Chan et al. 1983), so that no digit is lost where there are many.
void AddEpisodes(const trajectory::TrajectoryBatch& batch, double discount, v1::RunningStatistics& statistics);

// Writes means, deviations and scales into the network's parameters, of what it normalises. One of nothing, the
// deviation of what is always the same, and the scale of what is always 0, are 1.
void WriteStatistics(const v1::RunningStatistics& statistics, double discount, LearnedNetwork& network);

}  // namespace nmn::ppo
