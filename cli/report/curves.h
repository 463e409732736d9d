#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/report/run.h"

namespace nmn::report {

// The paper's smoothing: plots are running means over 1000 episodes.
inline constexpr size_t kSmoothingEpisodes = 1000;

// out[i] is the mean of the last min(i + 1, window) values up to and including values[i].
std::vector<double> RunningMean(std::span<const double> values, size_t window);

// A curve at chosen episodes: mean over its runs, and their sample standard deviation (0 for a single run).
struct CurvePoint {
  size_t episodes = 0;  // since the beginning of training
  double return_mean = 0, return_std = 0;
  double discounted_mean = 0, discounted_std = 0;
};
struct Curve {
  std::string label;  // "NMN, reference, 3 seeds" or "NMN, reference, seed 1"
  size_t runs = 0;
  std::vector<CurvePoint> points;
};

// Runs that differ in nothing but seed, budget and bookkeeping become one curve, as far as the shortest of them goes;
// `each` keeps every run apart. Order: that of the first run of each curve.
std::vector<Curve> MakeCurves(const std::vector<Run>& runs, bool each);

// Indices of the runs behind each curve of MakeCurves, and its label.
struct Group {
  std::string label;
  std::vector<size_t> runs;
};
std::vector<Group> GroupRuns(const std::vector<Run>& runs, bool each);

}  // namespace nmn::report
