#pragma once

#include <vector>

#include "common/tensor/view.h"

namespace nmn::run {

// Per-episode sums of raw rewards: plain, and discounted as sum over t of discount^t r_t. Accumulated in float64.
struct EpisodeReturns {
  std::vector<double> raw;         // [episode]
  std::vector<double> discounted;  // [episode]
};
EpisodeReturns ComputeReturns(ConstView2 reward /* [time, episode] */, double discount);

double Mean(const std::vector<double>& values);
// Population standard deviation.
double StandardDeviation(const std::vector<double>& values);

// Mean reward over episodes at the steps of env::AdaptationSteps: how fast a policy adapts.
struct AdaptationPoint {
  size_t step = 0;
  double mean_reward = 0;
};
std::vector<AdaptationPoint> ComputeAdaptation(ConstView2 reward);

}  // namespace nmn::run
