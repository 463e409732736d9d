#include "cli/report/comparison.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace nmn::report {

double InterquartileMeanOf(const Scores& scores) {
  std::vector<double> all;
  for (const std::vector<double>& task : scores) all.insert(all.end(), task.begin(), task.end());
  return InterquartileMean(all);
}

double ProbabilityOfImprovement(const Scores& x, const Scores& y) {
  double sum = 0;
  for (size_t task = 0; task < x.size(); ++task) {
    double greater = 0;
    for (const double a : x[task]) {
      for (const double b : y[task]) greater += a > b ? 1 : a == b ? 0.5 : 0;
    }
    sum += greater / static_cast<double>(x[task].size() * y[task].size());
  }
  return sum / static_cast<double>(x.size());
}

Interval StratifiedInterval(const Scores& strata, const std::function<double(const Scores&)>& statistic) {
  Scores ascending = strata;
  for (std::vector<double>& values : ascending) std::sort(values.begin(), values.end());
  Scores drawn = ascending;
  std::vector<double> statistics(kResamples);
  Bootstrap bootstrap;
  for (uint32_t resample = 0; resample < kResamples; ++resample) {
    for (size_t s = 0; s < ascending.size(); ++s)
      bootstrap.Draw(ascending[s], static_cast<uint32_t>(s), resample, drawn[s]);
    statistics[resample] = statistic(drawn);
  }
  return PercentileInterval(std::move(statistics));
}

Interval DifferenceInterval(Average average, const std::vector<double>& values, const std::vector<double>& others) {
  return StratifiedInterval({values, others}, [average](const Scores& drawn) {
    return AverageOf(average, drawn[0]) - AverageOf(average, drawn[1]);
  });
}

}  // namespace nmn::report
