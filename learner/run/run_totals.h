#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "learner/ppo/trainer.h"
#include "learner/run/observer.h"
#include "learner/run/run_directory.h"
#include "learner/service/learner_server.h"
#include "nmn/v1/checkpoint.pb.h"

namespace nmn::run {

// What is written of one update.
struct UpdateRecord {
  metrics::MetricsRecord metrics;
  EpisodeRows episodes;
};

// What a run has done so far, over all its processes: episodes, steps, seconds by phase, and the returns of its last
// 1000 episodes. Checkpoints keep it. One thread.
class RunTotals {
 public:
  void Restore(const v1::RunProgress& saved);
  // As of now; without the lengths of files.
  v1::RunProgress Save() const;

  void AddPhase(const std::string& phase, double seconds) { phase_seconds_[phase] += seconds; }
  // Counts the episodes of an update that took `update_seconds`, and gives its rows. `measures` are the names of the
  // batch's.
  UpdateRecord Count(uint32_t update, const service::CollectedBatch& batch, const ppo::UpdateReport& report,
                     const std::vector<std::string>& measures, double update_seconds);

  uint64_t episodes() const { return episodes_; }
  uint64_t environment_steps() const { return environment_steps_; }
  const std::map<std::string, double>& phase_seconds() const { return phase_seconds_; }
  double WallSeconds() const;
  // This process only looks at a run that had ended: its time does not count.
  void LeaveOutThisProcess() { counts_this_process_ = false; }
  bool window_is_full() const;  // there were 1000 episodes
  // Means over the last 1000 episodes.
  double RecentReturnMean() const;
  double RecentDiscountedMean() const;

 private:
  uint64_t episodes_ = 0;
  uint64_t environment_steps_ = 0;
  std::map<std::string, double> phase_seconds_;
  std::deque<double> recent_returns_;
  std::deque<double> recent_discounted_;
  double earlier_wall_seconds_ = 0;  // of earlier processes
  bool counts_this_process_ = true;
};

// What of it a person watches.
UpdateSummary SummaryOf(const metrics::MetricsRecord& metrics, uint32_t budget_updates, double seconds_left);

}  // namespace nmn::run
