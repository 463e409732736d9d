#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/metrics/learner_metrics.h"
#include "learner/run/observer.h"
#include "learner/run/run_state.h"
#include "learner/run/run_storage.h"
#include "learner/service/learner_server.h"

namespace nmn::run {

// When the steps of an update ended; SecondsSinceProcessStart.
struct UpdateTimes {
  double began = 0;      // the wait for its episodes
  double collected = 0;  // they are there
  double trained = 0;
  double evaluated = 0;  // equal to `trained` if there was no evaluation
};

// Writes down each update that is done: its rows, its metrics, a line for who watches. One thread.
class Recorder {
 public:
  // `config`: valid.
  Recorder(const v1::RunConfig& config, RunStorage& storage, metrics::LearnerMetrics& metrics, RunObserver& observer);

  // Counts the update that `state` has just completed. Rows that the disk does not take wait, and the observer hears of
  // it. It is an error only if too many wait.
  absl::StatusOr<UpdateSummary> Record(RunState& state, const service::CollectedBatch& batch,
                                       const ppo::UpdateReport& report, const UpdateTimes& times);

 private:
  absl::StatusOr<UpdateSummary> WriteDown(RunState& state, const service::CollectedBatch& batch,
                                          const ppo::UpdateReport& report, const UpdateTimes& times);
  void CountPhases(RunState& state, const ppo::UpdateReport& report, const UpdateTimes& times);
  absl::Status WriteRows(const UpdateRecord& record);

  const std::vector<std::string> measures_;  // the names of a batch's
  RunStorage& storage_;
  metrics::LearnerMetrics& metrics_;
  RunObserver& observer_;
  double began_ = 0;      // the first update of this process; SecondsSinceProcessStart
  uint32_t updates_ = 0;  // of this process
  bool rows_wait_ = false;
};

}  // namespace nmn::run
