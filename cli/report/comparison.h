#pragma once

#include <functional>
#include <vector>

#include "cli/report/statistics.h"

namespace nmn::report {

// What reliable comparisons of few runs are made of (Agarwal et al. 2021, "Deep reinforcement learning at the edge of
// the statistical precipice"): equal to those of its library rliable.
//
// Scores of one method: [task][run]. Every task has a run.
using Scores = std::vector<std::vector<double>>;

// The interquartile mean of all scores of all tasks together: floor(n / 4) of n are left out at each end.
double InterquartileMeanOf(const Scores& scores);

// How likely a run of x is better than one of y on a task drawn at random: on each task the share of pairs in which x
// is greater, ties counting half (the Mann-Whitney U statistic over the number of pairs), then the mean over tasks.
double ProbabilityOfImprovement(const Scores& x, const Scores& y);

// The 95 % percentile interval of a statistic of the scores in `strata` ([stratum][run]), by stratified bootstrap: the
// runs of each stratum are drawn from its own, with replacement, kResamples times (Bootstrap). Of one stratum it is
// BootstrapInterval.
Interval StratifiedInterval(const Scores& strata, const std::function<double(const Scores&)>& statistic);

// The same of a difference: the average of `values` less that of `others`. The two are strata 0 and 1, so each side is
// drawn from its own runs.
Interval DifferenceInterval(Average average, const std::vector<double>& values, const std::vector<double>& others);

}  // namespace nmn::report
