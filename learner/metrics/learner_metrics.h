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
 public:
  LearnerMetrics(Exporter& exporter, const v1::RunConfig& config, const std::string& run)
      : training(exporter.registry(), config, run),
        checkpoints(exporter.registry()),
        rpcs(exporter.registry()),
        exporter_(exporter) {
    exporter_.Add(fleet);
  }
  ~LearnerMetrics() { exporter_.Remove(fleet); }

  TrainingMetrics training;
  CheckpointMetrics checkpoints;
  RpcMetrics rpcs;
  FleetMetrics fleet;

 private:
  Exporter& exporter_;
};

}  // namespace nmn::metrics
