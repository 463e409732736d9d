#include "learner/run/returns.h"

#include <cmath>

#include "common/env/figures.h"

namespace nmn::run {

EpisodeReturns ComputeReturns(ConstView2 reward, double discount) {
  EpisodeReturns returns{std::vector<double>(reward.columns, 0.0), std::vector<double>(reward.columns, 0.0)};
  double weight = 1.0;
  for (size_t t = 0; t < reward.rows; ++t) {
    const float* row = reward.row(t);
    for (size_t e = 0; e < reward.columns; ++e) {
      returns.raw[e] += row[e];
      returns.discounted[e] += weight * row[e];
    }
    weight *= discount;
  }
  return returns;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

double StandardDeviation(const std::vector<double>& values) {
  if (values.empty()) return 0.0;
  const double mean = Mean(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

std::vector<AdaptationPoint> ComputeAdaptation(ConstView2 reward) {
  std::vector<AdaptationPoint> points;
  if (reward.rows == 0 || reward.columns == 0) return points;
  for (const uint32_t step : env::AdaptationSteps(static_cast<uint32_t>(reward.rows))) {
    double sum = 0;
    for (size_t e = 0; e < reward.columns; ++e) sum += reward(step, e);
    points.push_back({step, sum / static_cast<double>(reward.columns)});
  }
  return points;
}

}  // namespace nmn::run
