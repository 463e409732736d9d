#pragma once

#include <array>

#include "common/env/tabular.h"

namespace nmn::scripted {

// One Markov decision process of the size of the task, as somebody believes it to be.
struct Process {
  std::array<double, env::kTabularPairs> mean = {};                                   // [state, action] of the reward
  std::array<std::array<double, env::kTabularStates>, env::kTabularPairs> next = {};  // chances of the next state
};

// What to do in a trial: by the steps that are left before this one's action, less one, and the state.
struct Plan {
  std::array<std::array<uint32_t, env::kTabularStates>, env::kTabularTrial> action = {};
  double value = 0;  // expected return of a trial from state 0
};

// The best plan, by backward induction (Bellman 1957). Of several processes, the one that takes in each step and for
// each action the process in which it looks best.
Plan PlanTrial(const Process* processes, size_t count);
inline Plan PlanTrial(const Process& process) { return PlanTrial(&process, 1); }

}  // namespace nmn::scripted
