#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "learner/metrics/record.h"
#include "learner/metrics/thinned.h"

namespace nmn::metrics {

// What is kept of an update for those who look at the run later.
struct UpdateRow {
  uint32_t update = 0;
  std::vector<double> numbers;                             // of UpdateMetrics(), in its order; NaN: it has none
  std::vector<std::pair<std::string, double>> adaptation;  // step within the episode, mean reward
  std::vector<std::pair<std::string, double>> trials;      // number of the trial, mean return
  std::optional<v1::EvaluationRecord> evaluation;
};
UpdateRow RowOf(const MetricsRecord& record);

// The updates of a run, thinned. A copy shares the rows: it costs as much as their pointers. Not thread-safe.
class UpdateHistory {
 public:
  // `row`: of a later update than all before.
  void Add(UpdateRow row);

  using Rows = Thinned<std::shared_ptr<const UpdateRow>>;
  const Rows& rows() const { return rows_; }                // numbered by their updates
  const Rows& evaluations() const { return evaluations_; }  // those that have one, the first, second, .. of them

 private:
  Rows rows_;
  Rows evaluations_;
  uint64_t evaluated_ = 0;
};

}  // namespace nmn::metrics
