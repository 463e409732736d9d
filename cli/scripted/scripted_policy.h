#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/env/environment.h"
#include "common/tensor/view.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::scripted {

// A policy that is a rule: the yardsticks of `nmn eval`. Plays a batch of episodes beside its environment:
//
//   Reset(key, lanes) -> Act x T
//
// A lane depends on its own episode alone. Draws are keyed by (key, Purpose::kScriptedPolicy). Not thread-safe.
class ScriptedPolicy {
 public:
  virtual ~ScriptedPolicy() = default;

  // Begins `lanes` episodes (at most max_lanes) and forgets the last ones. The environment is reset with the same key.
  virtual void Reset(const env::BatchKey& key, size_t lanes) = 0;

  // The action of step t, counting from 0.
  //   environment      only "oracle" reads it: the task and the state that are hidden from the others
  //   observation      [observation_size, lane]  x_t
  //   previous_action  [action_width, lane]  a_{t-1} as fed back, not read at t = 0
  //   previous_reward  [lane]  r_{t-1} raw, not read at t = 0
  //   raw_action       [action_width, lane]  u, out
  virtual void Act(const env::BatchedEnvironment& environment, uint32_t t, ConstView2 observation,
                   ConstView2 previous_action, const float* previous_reward, View2 raw_action) = 0;
};

// What a task has of these, and what it has of its own: in the order of the table.
//
// random      the action uniform over its range
// zero        u = 0
// untrained   u ~ N(0, e^-1), what a policy gives whose network is all zeros
// memoryless  the best rule without memory: a moving target's a = x; in windy navigation the angle of x, no
//             wrap-around; of two targets the same to the one at the smaller distance
// adaptive    finds the task out and uses it: close to the best there is
// oracle      knows the task
//
// and of a bandit, all with ties by chance:
//
// greedy      the arm of the largest posterior mean (s + 1) / (c + 2), of s rewards in c pulls
// thompson    the arm of the largest draw from the posteriors Beta(s + 1, c - s + 1)
// ucb1        each arm once, then that of the largest s / c + 0.2 sqrt(2 ln t / c); Auer et al. 2002 with a factor that
//             was tuned as Duan et al. 2016 did, who use 0.2
// gittins     the arm of the largest Gittins index of the pulls that are left
// optimal     the largest expected return there is, by dynamic programming; for two arms
std::vector<std::string> PolicyNames();                       // of all tasks together
std::vector<std::string> PolicyNames(std::string_view task);  // none where it has none

// NOT_FOUND names the policies that the task has, or the tasks; INVALID_ARGUMENT as env::ValidateOptions, or where a
// rule does not play the options.
absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeScriptedPolicy(std::string_view policy, std::string_view task,
                                                                   const v1::EnvironmentOptions& options,
                                                                   size_t max_lanes);

}  // namespace nmn::scripted
