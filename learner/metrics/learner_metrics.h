#pragma once

#include <prometheus/registry.h>

#include <string>

#include "learner/metrics/checkpoint_metrics.h"
#include "learner/metrics/fleet_metrics.h"
#include "learner/metrics/rpc_metrics.h"
#include "learner/metrics/training_metrics.h"

namespace nmn::metrics {

// All that a learner tells of its run. Must not outlive the registry; `fleet` has to be added to the exporter.
struct LearnerMetrics {
  LearnerMetrics(prometheus::Registry& registry, const v1::RunConfig& config, const std::string& run)
      : training(registry, config, run), checkpoints(registry), rpcs(registry) {}

  TrainingMetrics training;
  CheckpointMetrics checkpoints;
  RpcMetrics rpcs;
  FleetMetrics fleet;
};

}  // namespace nmn::metrics
