#pragma once

#include <ostream>

#include "absl/status/status.h"
#include "cli/player.h"
#include "common/env/environment.h"

namespace nmn::cli {

// Plays episodes 0 .. episodes - 1 one by one and writes a line for each step, after a header line:
//   episode, t, task_<variable>.., state_<variable>.. (before the step), x0.., previous_action, previous_reward (as fed
//   back, 0 at t = 0), u, then for networks mean, logvar, z0.. (none for an RNN), then action (as fed back later),
//   reward
// Floats with 9 digits, which give the same float32 back.
absl::Status WriteTrace(Player& player, const env::EnvironmentSpec& spec, uint32_t episodes, std::ostream& out);

}  // namespace nmn::cli
