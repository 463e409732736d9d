#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actor/play/evaluation.h"
#include "cli/analysis/episodes.h"

namespace nmn::analysis {

// Of the final reward rate: where a policy counts as adapted.
inline constexpr double kAdaptedShare = 0.95;

// How fast and how far one policy adapts.
struct Adaptation {
  play::Estimate returns, discounted;
  double final_rate = 0;                                 // mean reward a step, over the second half of the episode
  std::optional<uint32_t> adapted_step;                  // StepUntil(kAdaptedShare)
  std::optional<uint32_t> half_hit_step, most_hit_step;  // by which half, and nine tenths, of the episodes had a hit
  double never_hit = 0;                                  // share of the episodes
};
Adaptation AdaptationOf(const Episodes& episodes);

// What a policy lost against another in the same episodes: mean of the differences, and its standard error.
struct Regret {
  play::Estimate returns, discounted;
};
Regret RegretAgainst(const Episodes& best, const Episodes& policy);

// One z at one in-episode step.
struct SignalFigure {
  double mean = 0, deviation = 0;   // over episodes; sample standard deviation
  std::optional<double> r_squared;  // of the spline on the task; nothing if z is the same in all episodes
};
struct SignalStep {
  uint32_t t = 0;
  std::vector<SignalFigure> z;
  std::optional<double> r_squared;  // of all z together: 1 - their residual sums of squares / their total ones
  std::optional<size_t> best;       // the z of the largest r_squared
};
// A step of each of the slices: of each z on the task, by a natural spline, or by a periodic one where the task is an
// angle. Empty for a policy without z.
std::vector<SignalStep> SignalSteps(const Episodes& episodes, const Meaning& meaning);

// How far z moves after kSettledStep, as a share of how far it is spread over episodes at that step, of all z together:
// sqrt(sum of mean (z_t - z_20)^2 / sum of variances at t = 20).
struct Drift {
  std::vector<uint32_t> t;    // some of the steps after kSettledStep, the last one among them
  std::vector<double> share;  // at each
  double mean = 0;            // root mean square of it over all steps after kSettledStep
};
// Nothing for a policy without z, for one whose z is the same in all episodes at t = 20, and in episodes that end
// there.
std::optional<Drift> DriftOf(const Episodes& episodes);

// What is said about a policy beside its episodes.
struct Subject {
  std::string policy;  // as the user named it
  std::string benchmark, architecture, run_id, config_hash;
  uint32_t update = 0;  // updates completed
  uint64_t seed = 0;    // of the episodes
  double temperature = 1;
};

// A policy beside the best rule that finds the task out, and one that knows it, in the same episodes.
struct Analysis {
  Subject subject;
  Meaning meaning;
  Episodes policy, adaptive, oracle;
  std::vector<SignalStep> signal;
  std::optional<Drift> drift;
};

}  // namespace nmn::analysis
