#include "cli/scripted/tabular_planning.h"

#include <limits>

namespace nmn::scripted {

Plan PlanTrial(const Process* processes, size_t count) {
  Plan plan;
  std::array<double, env::kTabularStates> later = {}, now;
  for (uint32_t left = 0; left < env::kTabularTrial; ++left) {
    for (uint32_t state = 0; state < env::kTabularStates; ++state) {
      now[state] = -std::numeric_limits<double>::infinity();
      for (uint32_t action = 0; action < env::kTabularActions; ++action) {
        const uint32_t pair = state * env::kTabularActions + action;
        for (size_t i = 0; i < count; ++i) {
          double value = processes[i].mean[pair];
          for (uint32_t next = 0; next < env::kTabularStates; ++next)
            value += processes[i].next[pair][next] * later[next];
          if (value <= now[state]) continue;
          now[state] = value;
          plan.action[left][state] = action;
        }
      }
    }
    later = now;
  }
  plan.value = later[0];
  return plan;
}

}  // namespace nmn::scripted
