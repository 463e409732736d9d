#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "learner/metrics/record.h"
#include "learner/metrics/update_metrics.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::metrics {

// What one update did, beside its record.
struct UpdateFigures {
  uint64_t episodes = 0;           // of this update
  uint64_t environment_steps = 0;  // of this update
  double seconds = 0;              // from the wait for the batch to the end of the update, its records not counted
  double kl_target = 0;            // in force in this update; 0: no control
  double seconds_left = 0;
  uint32_t lag_versions = 0;  // greatest of the batch
};

// How training goes: returns, adaptation, losses, where the time goes. One thread calls it; scrapes read beside it.
class TrainingMetrics {
 public:
  // `run`: the name of the run directory. `update`: completed before this process, or 0.
  TrainingMetrics(prometheus::Registry& registry, const v1::RunConfig& config, const std::string& run);

  // Where a run starts that was restored: updates completed, and policy updates taken back in a row by then.
  void Begin(uint32_t update, uint32_t consecutive_reverts);
  void OnUpdate(const MetricsRecord& record, const UpdateFigures& figures);
  // An update that failed because something was not finite.
  void OnNonFinite() { nonfinite_->Increment(); }
  // "collect", "update", "evaluate", "record" or "checkpoint"
  void AddPhase(const std::string& phase, double seconds) { phases_.at(phase)->Increment(seconds); }

 private:
  void ShowAdaptation(const MetricsRecord& record);
  void ShowTrials(const MetricsRecord& record);
  void ShowBusy(double wait_seconds, double seconds);

  // Of trials with one number.
  struct TrialGauges {
    prometheus::Gauge* mean;
    prometheus::Gauge* episodes;
  };
  TrialGauges& AddTrial(const std::string& trial);

  struct Span {
    double wait = 0;
    double total = 0;
  };

  prometheus::Registry& registry_;
  std::deque<Span> recent_;  // of the last updates
  uint32_t consecutive_reverts_ = 0;

  prometheus::Counter* updates_;
  prometheus::Counter* episodes_;
  prometheus::Counter* environment_steps_;
  prometheus::Gauge* run_updates_;
  prometheus::Gauge* seconds_left_;
  std::vector<std::pair<const UpdateMetric*, prometheus::Gauge*>> gauges_;  // of the table
  prometheus::Counter* evaluations_;
  std::map<std::string, prometheus::Gauge*> adaptation_;  // by step
  std::map<std::string, TrialGauges> trials_;             // by the number of the trial, "last", "cut"
  prometheus::Gauge* kl_target_;
  prometheus::Counter* reverted_;
  prometheus::Gauge* consecutive_reverts_gauge_;
  prometheus::Counter* nonfinite_;
  std::map<std::string, prometheus::Counter*> phases_;
  prometheus::Histogram* update_duration_;
  prometheus::Histogram* batch_wait_;
  prometheus::Gauge* busy_;
  prometheus::Gauge* lag_;
};

}  // namespace nmn::metrics
