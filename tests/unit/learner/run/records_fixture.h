#pragma once

#include <limits>

#include "learner/run/run_directory.h"

namespace nmn::run {

// An update of three episodes of b2.
inline metrics::MetricsRecord ExampleMetrics(uint32_t update) {
  metrics::MetricsRecord metrics;
  metrics.update = update;
  metrics.wall_seconds = 1.5 * update;
  metrics.episodes = 3 * update;
  metrics.environment_steps = 12000 * update;
  metrics.return_mean = -10.25;
  metrics.return_sd = 0.1;
  metrics.discounted_mean = -3;
  metrics.discounted_last_1000 = -4;
  metrics.steps_per_second = 1e6;
  metrics.measures = {{"hits", 2.5}};
  metrics.adaptation = {{0, -2}, {10, 0.5}, {3999, 1}};
  metrics.report.kl = 0.003;
  metrics.report.reverted = true;
  metrics.report.clip_fraction = std::numeric_limits<double>::quiet_NaN();
  metrics.report.phase_seconds = {{"critic", 0.5}, {"policy", 0.25}};
  return metrics;
}

inline EpisodeRows ExampleEpisodes(uint32_t update) {
  return {update, {-10.25, 0.1, 3}, {-1, 0.05, 2}, {"hits"}, {{2, 0, 7}}};
}

}  // namespace nmn::run
