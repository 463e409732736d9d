#include "cli/report/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/rng/philox.h"

namespace nmn::report {
namespace {

constexpr double kTail = 0.025;  // on either side of a 95 % interval

// Mean of the middle of `values`, which are in ascending order: all but `cut` at each end.
double TrimmedMean(std::span<const double> values, size_t cut) {
  return Mean(values.subspan(cut, values.size() - 2 * cut));
}

size_t Cut(Average average, size_t values) { return average == Average::kIqm ? values / 4 : 0; }

}  // namespace

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double Deviation(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = Mean(values);
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double InterquartileMean(std::span<const double> values) { return AverageOf(Average::kIqm, values); }

double AverageOf(Average average, std::span<const double> values) {
  if (average == Average::kMean) return Mean(values);
  std::vector<double> ascending(values.begin(), values.end());
  std::sort(ascending.begin(), ascending.end());
  return TrimmedMean(ascending, Cut(average, ascending.size()));
}

double Quantile(std::span<const double> ascending, double share) {
  const double rank = share * static_cast<double>(ascending.size() - 1);
  const size_t below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (rank - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

void Bootstrap::Draw(std::span<const double> ascending, uint32_t stratum, uint32_t resample, std::span<double> drawn) {
  const size_t count = ascending.size();
  times_.assign(count, 0);
  rng::Block block{};
  for (size_t slot = 0; slot < count; ++slot) {
    if (slot % 4 == 0) {
      block = rng::Draw({.update = stratum, .episode = resample, .step = static_cast<uint32_t>(slot / 4)},
                        rng::Purpose::kBootstrap);
    }
    ++times_[(uint64_t{block[slot % 4]} * count) >> 32];
  }
  size_t filled = 0;
  for (size_t i = 0; i < count; ++i) {
    for (uint32_t n = 0; n < times_[i]; ++n) drawn[filled++] = ascending[i];
  }
}

Interval PercentileInterval(std::vector<double> statistics) {
  std::sort(statistics.begin(), statistics.end());
  return {Quantile(statistics, kTail), Quantile(statistics, 1 - kTail)};
}

Interval BootstrapInterval(Average average, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::vector<double> averages(kResamples), drawn(values.size());
  Bootstrap bootstrap;
  for (uint32_t resample = 0; resample < kResamples; ++resample) {
    bootstrap.Draw(values, /*stratum=*/0, resample, drawn);
    averages[resample] = TrimmedMean(drawn, Cut(average, values.size()));
  }
  return PercentileInterval(std::move(averages));
}

}  // namespace nmn::report
