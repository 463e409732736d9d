#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nmn::report {

// How the runs of a curve become one number, and what the band around it says.
enum class Average { kMean, kIqm };
enum class Band { kNone, kDeviation, kStandardError, kBootstrap };

double Mean(std::span<const double> values);
// Sample standard deviation (n - 1); 0 for a single value.
double Deviation(std::span<const double> values);
// The interquartile mean: floor(n / 4) values at each end are left out, as in Agarwal et al. 2021 ("Deep reinforcement
// learning at the edge of the statistical precipice"). Below 4 values it is the mean.
double InterquartileMean(std::span<const double> values);
double AverageOf(Average average, std::span<const double> values);

// Of values in ascending order, linear between ranks (numpy's default). share is in [0, 1].
double Quantile(std::span<const double> ascending, double share);

struct Interval {
  double low = 0;
  double high = 0;
};

// How often runs are drawn again for an interval.
inline constexpr uint32_t kResamples = 2000;

// Draws samples again, with replacement: slot i of resample r takes value floor(word n / 2^32) of the n values in
// ascending order, with word i mod 4 of rng::Draw({seed 0, update = stratum, episode r, step i / 4}, kBootstrap).
class Bootstrap {
 public:
  // `drawn` has as many values, and they are in ascending order too.
  void Draw(std::span<const double> ascending, uint32_t stratum, uint32_t resample, std::span<double> drawn);

 private:
  std::vector<uint32_t> times_;  // how often each value was drawn: the sorted sample without a sort
};

// The middle 95 % of what a statistic was in all resamples.
Interval PercentileInterval(std::vector<double> statistics);

// The 95 % percentile bootstrap interval of the average: the runs of one curve are drawn from these runs, with
// replacement, kResamples times; so a figure's intervals are stratified by curve. Draws are those of stratum 0: the
// same values give the same interval, in any order. Quantiles are linear between ranks (numpy's default). A single
// value is its own interval.
Interval BootstrapInterval(Average average, std::vector<double> values);

}  // namespace nmn::report
