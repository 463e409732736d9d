#pragma once

#include "common/tensor/view.h"
#include "learner/ppo/advantages.h"

namespace nmn::ppo {

// Both ratios are cut here (Espeholt et al. 2018: rho-bar and c-bar): no step counts for more than one of the policy's
// own.
inline constexpr float kVTraceRatioCut = 1.0f;

// V-trace (Espeholt et al. 2018, eq. 1) over whole episodes that another policy has played:
//
//   v_t - V(s_t) = rho_t delta_t + discount c_t (v_{t+1} - V(s_{t+1})),  delta_t = r_t + discount V(s_{t+1}) - V(s_t)
//   rho_t = min(1, ratio_t),  c_t = trace_decay min(1, ratio_t)
//   A_t = delta_t + discount trace_decay (v_{t+1} - V(s_{t+1}))
//
// rewards     [time, episode]  already scaled
// values      [time, episode]  V(s_t); the value after the last step is 0, because every episode ends there
// ratios      [time, episode]  pi(u_t) / mu(u_t): the policy that learns over the one that acted
// advantages  [time, episode]  out: A_t, without the step's own ratio, which the policy's loss multiplies it by; where
//                              every ratio is 1 it is EstimateAdvantages'
// targets     [time, episode]  out: v_t; where every ratio is 1, advantage + value
//
// One backward pass, no allocation. The five views must have the same shape (checked).
void EstimateVTrace(const AdvantageOptions& options, ConstView2 rewards, ConstView2 values, ConstView2 ratios,
                    View2 advantages, View2 targets);

}  // namespace nmn::ppo
