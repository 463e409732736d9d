#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/play/player.h"
#include "common/trajectory/trials.h"

namespace nmn::play {

// Episodes played at once; no result depends on it.
inline constexpr size_t kEvaluationLanes = 256;

// Mean and its standard error (sample deviation / sqrt(n); NaN for one episode).
struct Estimate {
  double mean = 0;
  double standard_error = 0;
};
Estimate EstimateMean(const std::vector<double>& values);

struct Evaluation {
  uint32_t episodes = 0;
  Estimate raw;         // sum of rewards
  Estimate discounted;  // with env::kReportedDiscount
  std::vector<std::pair<std::string, Estimate>> measures;
  std::vector<std::pair<uint32_t, double>> adaptation;  // in-episode step, mean reward; of env::AdaptationSteps
  std::optional<trajectory::TrialCurve> trials;         // where the task has them
};

// `progress` hears how many episodes are done after each batch. Sums run in episode order, so batches of any size give
// the same bits.
absl::StatusOr<Evaluation> Evaluate(Player& player, const std::vector<std::string>& measure_names, uint32_t episodes,
                                    size_t lanes, const std::function<void(uint32_t)>& progress);

}  // namespace nmn::play
