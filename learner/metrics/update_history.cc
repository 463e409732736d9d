#include "learner/metrics/update_history.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "learner/metrics/update_metrics.h"

namespace nmn::metrics {

UpdateRow RowOf(const MetricsRecord& record) {
  UpdateRow row;
  row.update = record.update;
  for (const UpdateMetric& metric : UpdateMetrics())
    row.numbers.push_back(metric.get(record).value_or(std::numeric_limits<double>::quiet_NaN()));
  for (const auto& [step, reward] : record.adaptation) row.adaptation.emplace_back(absl::StrCat(step), reward);
  for (const auto& [trial, figure] : record.trials) row.trials.emplace_back(trial, figure.mean);
  row.evaluation = record.evaluation;
  return row;
}

void UpdateHistory::Add(UpdateRow row) {
  const auto shared = std::make_shared<const UpdateRow>(std::move(row));
  if (shared->evaluation) evaluations_.Add(++evaluated_, shared);
  rows_.Add(shared->update, shared);
}

}  // namespace nmn::metrics
