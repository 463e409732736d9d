#include "cli/report/curve_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/report/comparison.h"

namespace nmn::report {
namespace {

// What the runs of a group have after so many episodes; those that are shorter, or lost the row, have nothing.
std::vector<double> ValuesOf(const LearningCurve& curve, const Group& group, size_t episodes) {
  std::vector<double> values;
  for (size_t run : group.runs) {
    const std::vector<double>& discounted = curve.runs[run].discounted;
    if (discounted.size() < episodes) continue;
    const double value = RunningMean(std::span(discounted).first(episodes), curve.options.smooth).back();
    if (!std::isnan(value)) values.push_back(value);
  }
  return values;
}

}  // namespace

CurveComparison CompareCurves(const LearningCurve& curve) {
  CurveComparison comparison;
  comparison.episodes = std::numeric_limits<size_t>::max();
  for (const Curve& points : curve.curves) comparison.episodes = std::min(comparison.episodes, points.back().episodes);
  const Average average = curve.options.average;
  std::vector<double> first;
  for (const Group& group : curve.grouping.groups) {
    const std::vector<double> values = ValuesOf(curve, group, comparison.episodes);
    if (comparison.curves.empty()) first = values;
    ComparedCurve& compared = comparison.curves.emplace_back();
    compared.runs = values.size();
    compared.average = AverageOf(average, values);
    compared.difference = compared.average - comparison.curves[0].average;
    if (values.size() > 1) compared.interval = BootstrapInterval(average, values);
    if (values.size() > 1 && first.size() > 1 && comparison.curves.size() > 1)
      compared.difference_interval = DifferenceInterval(average, values, first);
  }
  return comparison;
}

}  // namespace nmn::report
