#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/report/groups.h"
#include "cli/report/run.h"
#include "cli/report/style.h"

namespace nmn::report {

// out[i] is the mean of the last min(i + 1, window) values up to values[i], without those that are NaN. It is NaN if
// all of them are.
std::vector<double> RunningMean(std::span<const double> values, size_t window);

// What several runs have of one quantity.
struct Spread {
  double mean = 0, deviation = 0;  // sample standard deviation; 0 for a single run
  double average = 0;              // as Options::average says
  double low = 0, high = 0;        // the band's edges, as Options::band says; both are the average if there is no band
};
Spread SpreadOf(const std::vector<double>& values, const Options& options);

// A curve at chosen episodes.
struct CurvePoint {
  size_t episodes = 0;  // since the beginning of training
  size_t runs = 0;      // how many runs have a value here
  Spread returns, discounted;
};
using Curve = std::vector<CurvePoint>;

// One curve for each group, in their order. It goes as far as the shortest of its runs, or with `go_on` as the longest.
std::vector<Curve> MakeCurves(const std::vector<Run>& runs, const Grouping& grouping, const Options& options);

// The same for what the runs' policies got when they were evaluated while training, without a running mean. There is a
// point if each run of the group that has evaluations and has come so far has one. Empty for a group without any.
std::vector<Curve> MakeEvaluationCurves(const std::vector<Run>& runs, const Grouping& grouping, const Options& options);

// A sentence for each curve whose runs are of different length: which is the shortest, and what that leaves out.
std::vector<std::string> LengthNotices(const std::vector<Run>& runs, const Grouping& grouping, bool go_on);

// A sentence if runs have fewer episodes than the running mean is over: how many, and which --smooth suits them.
std::optional<std::string> SmoothingNotice(const std::vector<Run>& runs, size_t smooth);

// Which episodes the end of each run's running mean is over: "the last 1000 episodes", "all 200 episodes".
std::string SmoothedEpisodes(const std::vector<Run>& runs, size_t smooth);

// A curve's name. If the number of its runs falls, it has that number. On a screen it says what the band is: "mean ±
// std", "IQM, 95 % bootstrap". A figure on paper has a caption for that, and no room.
std::string LegendOf(const std::string& label, const Curve& curve, const Options& options);

}  // namespace nmn::report
