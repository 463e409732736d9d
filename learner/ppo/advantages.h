#pragma once

#include "common/tensor/view.h"

namespace nmn::ppo {

struct AdvantageOptions {
  float discount = 0.998f;    // gamma
  float trace_decay = 0.98f;  // lambda
};

// For tasks in which no return runs beyond the end of a trial. Both are [time, episode]. They are empty if all returns
// run to the end of the episode.
struct TrialCuts {
  ConstView2 ends;          // how each step leaves its trial (env::kGoesOn, ..)
  ConstView2 final_values;  // V of the final observation of a truncated trial, in place of its rest; 0 elsewhere
};

// Generalised advantage estimation (Schulman et al. 2016, eq. 16) and discounted returns, over whole episodes.
//
// rewards     [time, episode]  already scaled
// values      [time, episode]  V(s_t); the value after the last step is 0, because every episode ends there
// advantages  [time, episode]  out
// returns     [time, episode]  out
//
// One backward pass, no allocation. The views must have the same shape (checked). At a cut the value and the return
// after the step are its final value, and no trace runs over it. After the last step they are always 0.
void EstimateAdvantages(const AdvantageOptions& options, ConstView2 rewards, ConstView2 values, View2 advantages,
                        View2 returns, const TrialCuts& cuts = {});

// Adds to the reward of step `steps` - 1 what comes after it, discounted, so that the first `steps` rows alone have the
// returns of the whole: rewards(steps - 1, e) += sum over k >= 1 of discount^k rewards(steps - 1 + k, e).
void FoldLaterRewards(float discount, size_t steps, View2 rewards);

// (A - mean) / (sd + 1e-6) over all elements, with the population's sd; in place. Sums run in float64, row by row.
void NormaliseAdvantages(View2 advantages);

// 1 - Var(R - V) / Var(R) over the first `steps` rows; NaN if the returns do not vary.
double ExplainedVariance(ConstView2 returns, ConstView2 values, size_t steps);

// Both ratios are cut here (Espeholt et al. 2018: rho-bar and c-bar), so no step counts for more than one of the
// policy's own steps.
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
// advantages  [time, episode]  out: A_t without the step's own ratio, which the policy's loss multiplies it by. If
// every
//                              ratio is 1, it is that of EstimateAdvantages
// targets     [time, episode]  out: v_t. If every ratio is 1, it is advantage + value
//
// One backward pass, no allocation. The views must have the same shape (checked). Cuts as above.
void EstimateVTrace(const AdvantageOptions& options, ConstView2 rewards, ConstView2 values, ConstView2 ratios,
                    View2 advantages, View2 targets, const TrialCuts& cuts = {});

}  // namespace nmn::ppo
