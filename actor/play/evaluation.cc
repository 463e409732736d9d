#include "actor/play/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/env/environment.h"
#include "common/env/figures.h"

namespace nmn::play {
Estimate EstimateMean(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  Estimate estimate;
  for (double value : values) estimate.mean += value;
  estimate.mean /= n;
  double squares = 0;
  for (double value : values) squares += (value - estimate.mean) * (value - estimate.mean);
  estimate.standard_error =
      values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares / (n - 1) / n);
  return estimate;
}

absl::StatusOr<Evaluation> Evaluate(Player& player, const std::vector<std::string>& measure_names, uint32_t episodes,
                                    size_t lanes, const std::function<void(uint32_t)>& progress) {
  std::vector<double> raw(episodes), discounted(episodes);
  std::vector<std::vector<double>> measures(measure_names.size(), std::vector<double>(episodes));
  std::optional<trajectory::TrialReturns> trials;
  std::vector<uint32_t> steps;
  std::vector<std::vector<double>> at_step;  // [step][episode]
  for (uint32_t first = 0; first < episodes;) {
    const uint32_t count = static_cast<uint32_t>(std::min<size_t>(lanes, episodes - first));
    absl::StatusOr<PlayedBatch> batch = player.Play(first, count);
    if (!batch.ok()) return batch.status();
    const ConstView2 rewards = batch->trajectories.reward();
    if (steps.empty()) {
      steps = env::AdaptationSteps(static_cast<uint32_t>(rewards.rows));
      at_step.assign(steps.size(), std::vector<double>(episodes));
    }
    if (batch->trajectories.layout().Has(v1::TRIAL_END)) {
      if (!trials) trials.emplace();
      trials->Add(batch->trajectories);
    }
    double weight = 1;
    for (size_t t = 0; t < rewards.rows; ++t, weight *= env::kReportedDiscount) {
      const float* reward = rewards.row(t);
      for (uint32_t lane = 0; lane < count; ++lane) {
        raw[first + lane] += reward[lane];
        discounted[first + lane] += weight * reward[lane];
      }
    }
    for (size_t i = 0; i < steps.size(); ++i) {
      for (uint32_t lane = 0; lane < count; ++lane) at_step[i][first + lane] = rewards(steps[i], lane);
    }
    for (size_t m = 0; m < measures.size(); ++m) {
      for (uint32_t lane = 0; lane < count; ++lane) measures[m][first + lane] = batch->measures[m][lane];
    }
    first += count;
    progress(first);
  }

  Evaluation evaluation;
  evaluation.episodes = episodes;
  evaluation.raw = EstimateMean(raw);
  evaluation.discounted = EstimateMean(discounted);
  if (trials) evaluation.trials = trials->Curve();
  for (size_t m = 0; m < measures.size(); ++m)
    evaluation.measures.emplace_back(measure_names[m], EstimateMean(measures[m]));
  for (size_t i = 0; i < steps.size(); ++i) evaluation.adaptation.emplace_back(steps[i], EstimateMean(at_step[i]).mean);
  return evaluation;
}

}  // namespace nmn::play
