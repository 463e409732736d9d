#pragma once

#include <string>

#include "common/metrics/exporter.h"
#include "learner/metrics/checkpoint_metrics.h"
#include "learner/metrics/fleet_metrics.h"
#include "learner/metrics/rpc_metrics.h"
#include "learner/metrics/training_metrics.h"

namespace nmn::metrics {

// All that a learner tells of its run, on the page of `exporter`, which it must not outlive.
class LearnerMetrics {
  prometheus::Registry rpc_registry_;  // many series that few ask for: the end of the page

 public:
  LearnerMetrics(Exporter& exporter, const v1::RunConfig& config, const std::string& run)
      : training(exporter.registry(), config, run),
        checkpoints(exporter.registry()),
        rpcs(rpc_registry_),
        exporter_(exporter) {
    exporter_.Add(fleet);
    exporter_.Add(rpc_registry_);
  }
  ~LearnerMetrics() {
    exporter_.Remove(rpc_registry_);
    exporter_.Remove(fleet);
  }

  TrainingMetrics training;
  CheckpointMetrics checkpoints;
  RpcMetrics rpcs;
  FleetMetrics fleet;

 private:
  Exporter& exporter_;
};

}  // namespace nmn::metrics
