#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/play/player.h"

namespace nmn::analysis {

// What a benchmark of the paper means by its task and by a hit. Only they have both.
struct Meaning {
  std::string task;        // the task variable that the policy has to find out: the first of the environment's
  double period = 0;       // of that variable if it is an angle, else 0
  bool whole = false;      // it is 0 or 1
  float least_reward = 0;  // a step with this reward or more is a hit
};
// INVALID_ARGUMENT names the benchmarks that have one.
absl::StatusOr<Meaning> MeaningOf(const std::string& benchmark);

// In-episode steps at which z and rewards are set against the task, and the step after which z should stand still.
inline constexpr uint32_t kShownSteps[] = {0, 1, 2, 5, 20, 200};
inline constexpr uint32_t kSettledStep = 20;

// All episodes at one in-episode step.
struct Slice {
  uint32_t t = 0;
  std::vector<double> task, reward;    // [episode]
  std::vector<std::vector<double>> z;  // [z][episode]; empty for a policy without z
};

// What some episodes of a policy left; their steps themselves are gone.
struct Episodes {
  uint32_t count = 0;
  std::vector<double> reward_mean, reward_deviation;  // [t], over episodes; sample standard deviation
  std::vector<double> returns, discounted;            // [episode]
  std::vector<double> task;                           // [episode], at the first step
  std::vector<std::optional<uint32_t>> first_hit;     // [episode], in-episode step from 0
  std::vector<Slice> slices;                          // of those of kShownSteps that an episode has, in their order
  // Mean over episodes of (z_t - z_20)^2, [z] of each step t; empty up to step 20 and for a policy without z.
  std::vector<std::vector<double>> squared_drift;
};

// Plays episodes 0 .. count - 1 of the player, those of `nmn eval`. Sums run in episode order, so the lanes do not
// reach a result. `progress` hears how many are done.
absl::StatusOr<Episodes> PlayEpisodes(play::Player& player, const Meaning& meaning, uint32_t count, size_t lanes,
                                      const std::function<void(uint32_t)>& progress);

}  // namespace nmn::analysis
