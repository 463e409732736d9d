#include "cli/analysis/analysis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/analysis/reward_rate.h"
#include "cli/analysis/spline.h"
#include "cli/report/adaptation.h"
#include "cli/report/statistics.h"

namespace nmn::analysis {
namespace {

std::vector<double> Differences(const std::vector<double>& from, const std::vector<double>& of) {
  std::vector<double> differences(from.size());
  std::transform(from.begin(), from.end(), of.begin(), differences.begin(), std::minus<>());
  return differences;
}

// Of squares around the mean.
double TotalSquares(const SignalFigure& z, size_t episodes) {
  return z.deviation * z.deviation * static_cast<double>(episodes - 1);
}

}  // namespace

Adaptation AdaptationOf(const Episodes& episodes) {
  Adaptation adaptation;
  adaptation.returns = play::EstimateMean(episodes.returns);
  adaptation.discounted = play::EstimateMean(episodes.discounted);
  adaptation.final_rate = FinalRate(episodes.reward_mean);
  adaptation.adapted_step = StepUntil(episodes.reward_mean, kAdaptedShare);
  adaptation.half_hit_step = StepOfShare(episodes.first_hit, 0.5);
  adaptation.most_hit_step = StepOfShare(episodes.first_hit, 0.9);
  adaptation.never_hit =
      static_cast<double>(std::count(episodes.first_hit.begin(), episodes.first_hit.end(), std::optional<uint32_t>())) /
      episodes.count;
  return adaptation;
}

Regret RegretAgainst(const Episodes& best, const Episodes& policy) {
  return {play::EstimateMean(Differences(best.returns, policy.returns)),
          play::EstimateMean(Differences(best.discounted, policy.discounted))};
}

std::vector<SignalStep> SignalSteps(const Episodes& episodes, const Meaning& meaning) {
  std::vector<SignalStep> steps;
  for (const Slice& slice : episodes.slices) {
    if (slice.z.empty()) continue;
    const RegressionSpline spline = meaning.period > 0 ? RegressionSpline::Periodic(slice.task, meaning.period)
                                                       : RegressionSpline::Natural(slice.task);
    SignalStep& step = steps.emplace_back();
    step.t = slice.t;
    double residual = 0, total = 0;
    for (const std::vector<double>& z : slice.z) {
      const SignalFigure figure{report::Mean(z), report::Deviation(z), spline.RSquared(z)};
      if (figure.r_squared) {
        total += TotalSquares(figure, z.size());
        residual += (1 - *figure.r_squared) * TotalSquares(figure, z.size());
        if (!step.best || *figure.r_squared > *step.z[*step.best].r_squared) step.best = step.z.size();
      }
      step.z.push_back(figure);
    }
    if (step.best) step.r_squared = 1 - residual / total;
  }
  return steps;
}

std::optional<Drift> DriftOf(const Episodes& episodes) {
  const auto settled = std::find_if(episodes.slices.begin(), episodes.slices.end(),
                                    [](const Slice& slice) { return slice.t == kSettledStep; });
  const uint32_t horizon = static_cast<uint32_t>(episodes.squared_drift.size());
  if (settled == episodes.slices.end() || horizon <= kSettledStep + 1) return std::nullopt;
  double variance = 0;
  for (const std::vector<double>& z : settled->z) variance += std::pow(report::Deviation(z), 2);
  if (variance == 0) return std::nullopt;
  const auto squared_share = [&](uint32_t t) {
    const std::vector<double>& of_each = episodes.squared_drift[t];
    return std::accumulate(of_each.begin(), of_each.end(), 0.0) / variance;
  };
  Drift drift;
  double sum = 0;
  for (uint32_t t = kSettledStep + 1; t < horizon; ++t) sum += squared_share(t);
  drift.mean = std::sqrt(sum / (horizon - kSettledStep - 1));
  for (const uint32_t t : report::ShownSteps(horizon)) {
    if (t <= kSettledStep) continue;
    drift.t.push_back(t);
    drift.share.push_back(std::sqrt(squared_share(t)));
  }
  return drift;
}

}  // namespace nmn::analysis
