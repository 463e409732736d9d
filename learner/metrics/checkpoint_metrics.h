#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>

namespace nmn::metrics {

// How checkpoints fare. One thread calls it; scrapes read beside it.
class CheckpointMetrics {
 public:
  explicit CheckpointMetrics(prometheus::Registry& registry);

  void OnSaved(uint32_t update, double seconds);
  void OnFailed() { failures_->Increment(); }
  void OnCorrupt() { corrupt_->Increment(); }
  // Read back and verified when the process began: as good as saved now.
  void OnRestored(uint32_t update);

 private:
  void Show(uint32_t update);

  prometheus::Counter* saves_;
  prometheus::Counter* failures_;
  prometheus::Counter* corrupt_;
  prometheus::Gauge* last_success_;
  prometheus::Gauge* last_update_;
  prometheus::Histogram* duration_;
};

}  // namespace nmn::metrics
