#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/trajectory/trials.h"
#include "learner/ppo/trainer.h"
#include "nmn/v1/checkpoint.pb.h"

namespace nmn::metrics {

// The numbers of one update: a line of metrics.jsonl, the scalars of the TensorBoard events, and what Prometheus shows.
struct MetricsRecord {
  uint32_t update = 0;  // from 1
  double wall_seconds = 0;
  uint64_t episodes = 0;           // of the run so far
  uint64_t environment_steps = 0;  // of the run so far
  double return_mean = 0;          // of this update's episodes, raw
  double return_sd = 0;
  double discounted_mean = 0;
  double discounted_last_1000 = 0;  // mean over the last 1000 episodes so far, or all of them if fewer
  double steps_per_second = 0;
  double wait_seconds = 0;     // for the batch
  double policy_lag_mean = 0;  // versions, over the episodes; 0 in SYNC
  uint32_t policy_lag_max = 0;
  std::vector<std::pair<std::string, double>> measures;  // mean of each extra measure
  std::vector<std::pair<uint32_t, double>> adaptation;   // in-episode step, mean reward
  // Of a task with trials: the mean number that an episode completed, and returns by the number of the trial.
  std::optional<double> trials_per_episode;
  std::vector<std::pair<std::string, trajectory::TrialFigure>> trials;
  ppo::UpdateReport report;
  std::optional<v1::EvaluationRecord> evaluation;  // where there was one after this update
};

}  // namespace nmn::metrics
