#pragma once

#include <optional>
#include <span>

#include "learner/metrics/record.h"

namespace nmn::metrics {

// How metrics.jsonl writes a number.
enum class NumberKind { kReal, kCount, kFlag };

// One number of an update and every name under which it is shown. A name that is null: not shown there.
struct UpdateMetric {
  const char* field;  // in metrics.jsonl
  const char* tag;    // in TensorBoard: CleanRL's where it has one, ours beside them
  const char* gauge;  // in Prometheus
  const char* help;   // of the gauge
  NumberKind kind;
  std::optional<double> (*get)(const MetricsRecord& record);  // nothing: this update has none
};

// The table of them, in the order of metrics.jsonl. A number that is added here is in all three; docs/run_files.md and
// docs/metrics.md say what it means, and tests hold them to it.
std::span<const UpdateMetric> UpdateMetrics();

}  // namespace nmn::metrics
