#include "learner/ppo/v_trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace nmn::ppo {

void EstimateVTrace(const AdvantageOptions& options, ConstView2 rewards, ConstView2 values, ConstView2 ratios,
                    View2 advantages, View2 targets) {
  for (const ConstView2& view : {values, ratios, ConstView2(advantages), ConstView2(targets)}) {
    if (view.rows == rewards.rows && view.columns == rewards.columns) continue;
    std::fprintf(stderr, "EstimateVTrace: views differ in shape: [%zu, %zu] and [%zu, %zu]\n", rewards.rows,
                 rewards.columns, view.rows, view.columns);
    std::abort();
  }
  const float gamma = options.discount;
  const float decay = options.discount * options.trace_decay;
  for (size_t t = rewards.rows; t-- > 0;) {
    const bool last = t + 1 == rewards.rows;
    for (size_t e = 0; e < rewards.columns; ++e) {
      const float next_value = last ? 0.0f : values(t + 1, e);
      const float next_correction = last ? 0.0f : targets(t + 1, e) - values(t + 1, e);
      const float ratio = std::min(kVTraceRatioCut, ratios(t, e));
      const float error = rewards(t, e) + gamma * next_value - values(t, e);
      advantages(t, e) = error + decay * next_correction;
      targets(t, e) = values(t, e) + ratio * advantages(t, e);
    }
  }
}

}  // namespace nmn::ppo
