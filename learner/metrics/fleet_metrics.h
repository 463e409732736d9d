#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/sync/mutex.h"
#include "learner/metrics/limits_reached.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::metrics {

// The learner's actors and what is under way, at one moment.
struct FleetSnapshot {
  uint64_t actors_connected = 0;
  uint64_t actors_limit = 0;
  uint64_t actors_quarantined = 0;
  double actors_steps_per_second = 0;  // sum of what connected actors measured
  uint64_t leases_outstanding = 0;     // units that an actor works on; a unit may be leased twice
  uint64_t units_unleased = 0;
  uint64_t leases_granted = 0;  // since the process began, as the counts below
  uint64_t leases_expired = 0;
  uint64_t units_same = 0;  // of those that were played twice
  uint64_t units_different = 0;
  uint64_t units_undecided = 0;
  std::map<v1::RejectReason, uint64_t> trajectories;  // by verdict
  uint64_t trajectory_bytes = 0;
  uint64_t ingest_queue_bytes = 0;
  uint64_t ingest_queue_limit_bytes = 0;
  uint64_t weights_version = 0;
  uint64_t weights_bytes = 0;
  LimitsReached limits_reached;
  bool serving = false;
};

// Reads the fleet at each scrape, so that nothing is counted twice and the hot path pays nothing. Thread-safe.
class FleetMetrics : public prometheus::Collectable {
 public:
  using Source = std::function<FleetSnapshot()>;

  // From now on scrapes call `source`; without one they see zeros. Returns once no scrape uses the one before.
  void SetSource(Source source);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  mutable Mutex mutex_;
  Source source_ NMN_GUARDED_BY(mutex_);
};

}  // namespace nmn::metrics
