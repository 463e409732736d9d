#include "learner/ppo/advantages.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "common/env/environment.h"

namespace nmn::ppo {
namespace {

// Keeps the quotient finite if every advantage is the same (docs/specification.md section 3.1).
constexpr double kDeviationFloor = 1e-6;

void RequireSameShape(const char* caller, ConstView2 a, ConstView2 b) {
  if (a.rows == b.rows && a.columns == b.columns) return;
  std::fprintf(stderr, "%s: views differ in shape: [%zu, %zu] and [%zu, %zu]\n", caller, a.rows, a.columns, b.rows,
               b.columns);
  std::abort();
}

void RequireSameShape(const char* caller, ConstView2 rewards, const TrialCuts& cuts) {
  if (cuts.ends.rows == 0) return;
  RequireSameShape(caller, rewards, cuts.ends);
  RequireSameShape(caller, rewards, cuts.final_values);
}

bool IsCut(const TrialCuts& cuts, size_t t, size_t e) { return cuts.ends.rows != 0 && cuts.ends(t, e) != env::kGoesOn; }

struct Moments {
  double mean = 0;
  double variance = 0;  // of the population
};

// Mean and variance of element(t, e), in two passes.
template <typename Element>
Moments MomentsOf(size_t rows, size_t columns, Element element) {
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  Moments moments;
  for (size_t t = 0; t < rows; ++t) {
    for (size_t e = 0; e < columns; ++e) moments.mean += element(t, e);
  }
  moments.mean /= count;
  for (size_t t = 0; t < rows; ++t) {
    for (size_t e = 0; e < columns; ++e) {
      const double d = element(t, e) - moments.mean;
      moments.variance += d * d;
    }
  }
  moments.variance /= count;
  return moments;
}

}  // namespace

void EstimateAdvantages(const AdvantageOptions& options, ConstView2 rewards, ConstView2 values, View2 advantages,
                        View2 returns, const TrialCuts& cuts) {
  RequireSameShape("EstimateAdvantages", rewards, cuts);
  for (const ConstView2& view : {values, ConstView2(advantages), ConstView2(returns)})
    RequireSameShape("EstimateAdvantages", rewards, view);
  const float gamma = options.discount;
  const float decay = options.discount * options.trace_decay;
  for (size_t t = rewards.rows; t-- > 0;) {
    const bool last = t + 1 == rewards.rows;
    for (size_t e = 0; e < rewards.columns; ++e) {
      const bool cut = !last && IsCut(cuts, t, e);
      const float next_value = last ? 0.0f : cut ? cuts.final_values(t, e) : values(t + 1, e);
      const float next_advantage = last || cut ? 0.0f : advantages(t + 1, e);
      const float next_return = last ? 0.0f : cut ? cuts.final_values(t, e) : returns(t + 1, e);
      const float error = rewards(t, e) + gamma * next_value - values(t, e);
      advantages(t, e) = error + decay * next_advantage;
      returns(t, e) = rewards(t, e) + gamma * next_return;
    }
  }
}

void FoldLaterRewards(float discount, size_t steps, View2 rewards) {
  if (steps == rewards.rows) return;
  for (size_t e = 0; e < rewards.columns; ++e) {
    float later = 0;
    for (size_t t = rewards.rows; t-- > steps;) later = rewards(t, e) + discount * later;
    rewards(steps - 1, e) += discount * later;
  }
}

void NormaliseAdvantages(View2 advantages) {
  const Moments moments =
      MomentsOf(advantages.rows, advantages.columns, [&](size_t t, size_t e) { return double{advantages(t, e)}; });
  const double scale = 1.0 / (std::sqrt(moments.variance) + kDeviationFloor);
  for (size_t t = 0; t < advantages.rows; ++t) {
    for (size_t e = 0; e < advantages.columns; ++e) {
      advantages(t, e) = static_cast<float>((advantages(t, e) - moments.mean) * scale);
    }
  }
}

double ExplainedVariance(ConstView2 returns, ConstView2 values, size_t steps) {
  const Moments all = MomentsOf(steps, returns.columns, [&](size_t t, size_t e) { return double{returns(t, e)}; });
  const Moments rest = MomentsOf(steps, returns.columns,
                                 [&](size_t t, size_t e) { return double{returns(t, e)} - double{values(t, e)}; });
  if (all.variance == 0) return std::numeric_limits<double>::quiet_NaN();
  return 1.0 - rest.variance / all.variance;
}

void EstimateVTrace(const AdvantageOptions& options, ConstView2 rewards, ConstView2 values, ConstView2 ratios,
                    View2 advantages, View2 targets, const TrialCuts& cuts) {
  RequireSameShape("EstimateVTrace", rewards, cuts);
  for (const ConstView2& view : {values, ratios, ConstView2(advantages), ConstView2(targets)})
    RequireSameShape("EstimateVTrace", rewards, view);
  const float gamma = options.discount;
  const float decay = options.discount * options.trace_decay;
  for (size_t t = rewards.rows; t-- > 0;) {
    const bool last = t + 1 == rewards.rows;
    for (size_t e = 0; e < rewards.columns; ++e) {
      const bool cut = !last && IsCut(cuts, t, e);
      const float next_value = last ? 0.0f : cut ? cuts.final_values(t, e) : values(t + 1, e);
      const float next_correction = last || cut ? 0.0f : targets(t + 1, e) - values(t + 1, e);
      const float ratio = std::min(kVTraceRatioCut, ratios(t, e));
      const float error = rewards(t, e) + gamma * next_value - values(t, e);
      advantages(t, e) = error + decay * next_correction;
      targets(t, e) = values(t, e) + ratio * advantages(t, e);
    }
  }
}

}  // namespace nmn::ppo
