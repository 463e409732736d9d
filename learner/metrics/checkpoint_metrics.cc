#include "learner/metrics/checkpoint_metrics.h"

#include <chrono>

#include "common/metrics/registry.h"

namespace nmn::metrics {

CheckpointMetrics::CheckpointMetrics(prometheus::Registry& registry)
    : saves_(&AddCounter(registry, "nmn_checkpoint_saves_total", "Checkpoints saved and verified.")),
      failures_(&AddCounter(registry, "nmn_checkpoint_failures_total", "Checkpoints that could not be saved.")),
      corrupt_(&AddCounter(registry, "nmn_checkpoint_corrupt_total", "Checkpoints found corrupt at the start.")),
      last_success_(&AddGauge(registry, "nmn_checkpoint_last_success_timestamp_seconds",
                              "When a checkpoint was last saved, or restored at the start; Unix time.")),
      last_update_(&AddGauge(registry, "nmn_checkpoint_last_update", "Updates completed in the newest checkpoint.")),
      duration_(&AddHistogram(registry, "nmn_checkpoint_duration_seconds",
                              "Time to write, sync and verify a checkpoint.",
                              {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30})) {}

void CheckpointMetrics::Show(uint32_t update) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  last_success_->Set(now.count());
  last_update_->Set(update);
}

void CheckpointMetrics::OnSaved(uint32_t update, double seconds) {
  saves_->Increment();
  duration_->Observe(seconds);
  Show(update);
}

void CheckpointMetrics::OnRestored(uint32_t update) { Show(update); }

}  // namespace nmn::metrics
