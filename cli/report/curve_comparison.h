#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cli/report/learning_curve.h"

namespace nmn::report {

// The discounted return of one curve's runs (running mean), beside that of the first curve's. Intervals are 95 %
// bootstrap intervals over runs, whatever band the curves have; there is none for a curve of a single run.
struct ComparedCurve {
  size_t runs = 0;
  double average = 0;  // as Options::average says
  std::optional<Interval> interval;
  double difference = 0;  // from the first curve
  std::optional<Interval> difference_interval;
};

struct CurveComparison {
  size_t episodes = 0;                // of training, after which all are compared: where the shortest curve ends
  std::vector<ComparedCurve> curves;  // one a group, in their order
};
CurveComparison CompareCurves(const LearningCurve& curve);

}  // namespace nmn::report
