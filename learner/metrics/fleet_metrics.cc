#include "learner/metrics/fleet_metrics.h"

#include <utility>

#include "common/metrics/registry.h"
#include "common/metrics/verdicts.h"

namespace nmn::metrics {

void FleetMetrics::SetSource(Source source) {
  MutexLock lock(mutex_);
  source_ = std::move(source);
}

std::vector<prometheus::MetricFamily> FleetMetrics::Collect() const {
  FleetSnapshot fleet;
  {
    MutexLock lock(mutex_);
    if (source_) fleet = source_();
  }
  std::vector<std::pair<std::string, double>> trajectories;
  for (const auto& [verdict, name] : Verdicts()) {
    const auto count = fleet.trajectories.find(verdict);
    trajectories.emplace_back(name, count == fleet.trajectories.end() ? 0 : static_cast<double>(count->second));
  }
  std::vector<std::pair<std::string, double>> limits;
  for (size_t limit = 0; limit < kLimits; ++limit)
    limits.emplace_back(kLimitNames[limit], static_cast<double>(fleet.limits_reached.counts()[limit]));
  const auto gauge = [](const char* name, const char* help, auto value) {
    return GaugeFamily(name, help, static_cast<double>(value));
  };
  const auto counter = [](const char* name, const char* help, uint64_t value) {
    return CounterFamily(name, help, static_cast<double>(value));
  };
  return {
      gauge("nmn_actors_connected", "Actors with a stream to this learner.", fleet.actors_connected),
      gauge("nmn_actors_limit", "Most actors that may be connected.", fleet.actors_limit),
      gauge("nmn_actors_quarantined", "Actors that get no work because of malformed messages.",
            fleet.actors_quarantined),
      gauge("nmn_actors_steps_per_second", "Environment steps per second, summed over what connected actors measure.",
            fleet.actors_steps_per_second),
      gauge("nmn_leases_outstanding", "Leases of units that actors work on.", fleet.leases_outstanding),
      gauge("nmn_units_unleased", "Units of the open update that nobody works on and that are not there.",
            fleet.units_unleased),
      counter("nmn_leases_granted_total", "Leases of a unit given to an actor.", fleet.leases_granted),
      counter("nmn_leases_expired_total", "Leases that ran out before the unit was there.", fleet.leases_expired),
      CounterFamily("nmn_units_verified_total", "Units played twice, by whether the second play was the same.",
                    "outcome",
                    {{"different", static_cast<double>(fleet.units_different)},
                     {"same", static_cast<double>(fleet.units_same)},
                     {"undecided", static_cast<double>(fleet.units_undecided)}}),
      CounterFamily("nmn_trajectories_total", "Trajectory messages by what became of them.", "verdict", trajectories),
      counter("nmn_trajectory_bytes_total", "Bytes of trajectory messages received.", fleet.trajectory_bytes),
      gauge("nmn_ingest_queue_bytes", "Bytes of trajectories received and not yet judged or trained on.",
            fleet.ingest_queue_bytes),
      gauge("nmn_ingest_queue_limit_bytes", "Most bytes that may wait there.", fleet.ingest_queue_limit_bytes),
      CounterFamily("nmn_limit_reached_total", "Calls and streams that met a limit on what clients may take.", "limit",
                    limits),
      gauge("nmn_weights_version", "Version of the newest weights actors can have.", fleet.weights_version),
      gauge("nmn_weights_bytes", "Size of one version of them.", fleet.weights_bytes),
      gauge("nmn_serving", "1 while grpc.health.v1 says SERVING, else 0.", fleet.serving ? 1 : 0),
  };
}

}  // namespace nmn::metrics
