#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/trajectory/batch.h"

namespace nmn::trajectory {

// What trials returned: raw rewards, over so many episodes.
struct TrialFigure {
  uint64_t episodes = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();            // of no episode there is none
  double standard_error = std::numeric_limits<double>::quiet_NaN();  // of the mean; of one episode there is none
};

// Of many episodes by the number of the trial: how a policy gets better at a task within an episode.
struct TrialCurve {
  std::vector<TrialFigure> trials;  // the k-th of each episode that completed it before T; from the first
  TrialFigure last;                 // the last that each episode completed, of those that completed one
  TrialFigure cut;                  // what the trial returned until then that T cut, of episodes where it cut one
  double per_episode = 0;           // mean number of completed ones
};

// Of one episode.
struct EpisodeTrials {
  uint32_t completed = 0;
  double first = 0, last = 0;  // where one was completed
  std::optional<double> cut;
};

// Counts the trials of tasks that have them. Sums run in float64 in the order of episodes, so batches of any size give
// the same bits.
class TrialReturns {
 public:
  // `batch`: of a layout with trial ends; its lanes are the episodes that follow those of before.
  void Add(const TrajectoryBatch& batch);

  TrialCurve Curve() const;
  const std::vector<EpisodeTrials>& episodes() const { return episodes_; }

 private:
  struct Sum {
    uint64_t count = 0;
    double sum = 0, squares = 0;
    void Add(double value);
    TrialFigure Figure() const;
  };

  std::vector<Sum> by_trial_;
  Sum last_, cut_;
  uint64_t completed_ = 0;
  std::vector<EpisodeTrials> episodes_;
};

// Figures under the names that files and metrics give them: "1" for the first trial and so on, "last" and "cut". Of the
// trials each up to `each`, then 1, 2 and 5 of every decade: an episode may have thousands. Only where there is one.
std::vector<std::pair<std::string, TrialFigure>> NamedFigures(const TrialCurve& curve, uint32_t each);

// Of NamedFigures: in files that get a line in every update, and where one line is all.
inline constexpr uint32_t kFewTrials = 3;
inline constexpr uint32_t kManyTrials = 100;

}  // namespace nmn::trajectory
