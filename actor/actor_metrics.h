#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <map>

#include "nmn/v1/learner.pb.h"

namespace nmn::actor {

// What an actor tells Prometheus (docs/metrics.md), resolved once. Thread-safe; lives as long as the registry.
struct ActorMetrics {
  explicit ActorMetrics(prometheus::Registry& registry);

  prometheus::Gauge& connected;
  prometheus::Counter& environment_steps;
  prometheus::Counter& units;
  prometheus::Counter& trajectories_sent;
  prometheus::Counter& trajectory_bytes_sent;
  std::map<v1::RejectReason, prometheus::Counter*> acknowledgements;  // every verdict
  prometheus::Counter& reconnects;
  prometheus::Gauge& policy_version;
  prometheus::Counter& busy_seconds;
  prometheus::Gauge& outbox_bytes;
  prometheus::Gauge& heartbeat_timestamp;
};

}  // namespace nmn::actor
