#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/report/learning_curve.h"
#include "cli/report/statistics.h"
#include "cli/report/style.h"
#include "cli/sweep/directory.h"

namespace nmn::reproduce {

// One run as a number: what a statistic is of.
struct Score {
  uint64_t seed = 0;
  size_t episodes = 0;
  double final_return = 0;  // mean sum of rewards over the last 1000 training episodes
  double area = 0;          // the same over all training episodes: area under the learning curve
};

// The runs of one architecture in one panel.
struct Method {
  std::string architecture;  // "NMN"
  std::vector<Score> scores;
  report::Curve curve;
};

// Architectures beside each other under the same conditions: a benchmark, and values of fields if the sweep has axes.
struct Panel {
  std::string benchmark, title;
  std::vector<std::pair<std::string, std::string>> values;
  uint32_t steps = 0;  // of a training episode
  double oracle = 0;   // what a policy that knows the task gets in as many steps, at its rate over T
  std::vector<Method> methods;
};

// The figure's numbers: running means over 1000 episodes, mean and sample standard deviation over seeds.
struct Learning {
  std::vector<Panel> panels;
  std::vector<std::string> notices;  // what is left out
};
// Of the runs of a sweep that are done. FAILED_PRECONDITION where none is. Else errors are report::ReadRun's.
absl::StatusOr<Learning> ReadLearning(const sweep::SweepDirectory& sweep);

// A figure with its 95 % stratified bootstrap interval (report/comparison.h).
struct Estimated {
  double value = 0;
  report::Interval interval;
};
Estimated InterquartileMean(const std::vector<Score>& scores, double Score::*of);
// How likely a run of x beats one of y.
Estimated Improvement(const std::vector<Score>& x, const std::vector<Score>& y, double Score::*of);
// The sample standard deviation of x over that of y; nothing where either has fewer than five runs, or y's is 0.
std::optional<Estimated> DeviationRatio(const std::vector<Score>& x, const std::vector<Score>& y, double Score::*of);

// The statistics as one JSON object on one line, and as text.
std::string ToJson(const Learning& learning);
std::string ToTable(const Learning& learning);

// NAME.csv (curves), NAME_scores.csv (a row a run) and NAME.json (statistics) in `out`, which exists.
absl::Status WriteLearning(const Learning& learning, const std::string& out, const std::string& name);
// NAME.*: a panel each, side by side. Errors are DrawScript's.
absl::Status DrawLearning(const Learning& learning, const std::string& title, const report::Style& style,
                          const std::string& out, const std::string& name);

}  // namespace nmn::reproduce
