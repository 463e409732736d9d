#include "actor/actor_metrics.h"

#include "common/metrics/registry.h"
#include "common/metrics/verdicts.h"

namespace nmn::actor {

using metrics::AddCounter;
using metrics::AddGauge;

ActorMetrics::ActorMetrics(prometheus::Registry& registry)
    : connected(AddGauge(registry, "nmn_actor_connected", "1 while there is a stream to the learner, else 0.")),
      environment_steps(AddCounter(registry, "nmn_actor_environment_steps_total", "Environment steps played.")),
      units(AddCounter(registry, "nmn_actor_units_total", "Work units played.")),
      trajectories_sent(AddCounter(registry, "nmn_actor_trajectories_sent_total",
                                   "Trajectory messages sent, those sent again included.")),
      trajectory_bytes_sent(AddCounter(registry, "nmn_actor_trajectory_bytes_sent_total", "Bytes of those messages.")),
      reconnects(AddCounter(registry, "nmn_actor_reconnects_total", "Streams to the learner after the first.")),
      policy_version(AddGauge(registry, "nmn_actor_policy_version", "Version of the newest weights the actor has.")),
      busy_seconds(AddCounter(registry, "nmn_actor_busy_seconds_total", "Time spent on playing episodes.")),
      outbox_bytes(AddGauge(registry, "nmn_actor_outbox_bytes", "Trajectories that the learner has not acknowledged.")),
      heartbeat_timestamp(AddGauge(registry, "nmn_actor_heartbeat_timestamp_seconds",
                                   "When the main loop last came round; Unix time.")) {
  for (const auto& [verdict, name] : metrics::Verdicts()) {
    acknowledgements[verdict] = &AddCounter(registry, "nmn_actor_acknowledgements_total",
                                            "What the learner said of trajectory messages.", {{"verdict", name}});
  }
}

}  // namespace nmn::actor
