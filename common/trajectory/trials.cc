#include "common/trajectory/trials.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/env/environment.h"

namespace nmn::trajectory {
namespace {

// Whether a list of numbers from 1 that thins out after `each` has `k`.
bool IsShown(uint32_t k, uint32_t each) {
  uint32_t leading = k;
  while (leading % 10 == 0) leading /= 10;
  return k <= each || leading == 1 || leading == 2 || leading == 5;
}

}  // namespace

void TrialReturns::Sum::Add(double value) {
  ++count;
  sum += value;
  squares += value * value;
}

TrialFigure TrialReturns::Sum::Figure() const {
  TrialFigure figure{.episodes = count};
  if (count == 0) return figure;
  const auto n = static_cast<double>(count);
  figure.mean = sum / n;
  if (count > 1)
    figure.standard_error = std::sqrt(std::max(0.0, squares - n * figure.mean * figure.mean) / (n - 1) / n);
  return figure;
}

void TrialReturns::Add(const TrajectoryBatch& batch) {
  const ConstView2 reward = batch.reward(), ends = batch.Scalar(v1::TRIAL_END);
  for (size_t lane = 0; lane < reward.columns; ++lane) {
    EpisodeTrials& episode = episodes_.emplace_back();
    double now = 0;
    for (size_t t = 0; t < reward.rows; ++t) {
      now += reward(t, lane);
      episode.cut = now;
      if (ends(t, lane) == env::kGoesOn) continue;
      if (by_trial_.size() == episode.completed) by_trial_.emplace_back();
      by_trial_[episode.completed].Add(now);
      if (episode.completed++ == 0) episode.first = now;
      episode.last = now;
      episode.cut.reset();
      now = 0;
    }
    completed_ += episode.completed;
    if (episode.completed > 0) last_.Add(episode.last);
    if (episode.cut) cut_.Add(*episode.cut);
  }
}

TrialCurve TrialReturns::Curve() const {
  TrialCurve curve;
  for (const Sum& sum : by_trial_) curve.trials.push_back(sum.Figure());
  curve.last = last_.Figure();
  curve.cut = cut_.Figure();
  if (!episodes_.empty()) curve.per_episode = static_cast<double>(completed_) / static_cast<double>(episodes_.size());
  return curve;
}

std::vector<std::pair<std::string, TrialFigure>> NamedFigures(const TrialCurve& curve, uint32_t each) {
  std::vector<std::pair<std::string, TrialFigure>> figures;
  for (uint32_t k = 1; k <= curve.trials.size(); ++k) {
    if (IsShown(k, each)) figures.emplace_back(absl::StrCat(k), curve.trials[k - 1]);
  }
  if (curve.last.episodes > 0) figures.emplace_back("last", curve.last);
  if (curve.cut.episodes > 0) figures.emplace_back("cut", curve.cut);
  return figures;
}

}  // namespace nmn::trajectory
