#pragma once

#include <string>
#include <vector>

namespace nmn::config {

// What Set takes, for a person who types it, in the order of run_config.proto: "ppo.discount=", and of a field with few
// values each of them: "env.domain=paper". Without what a flag of nmn train says (benchmark, preset) and what follows
// from it (task).
std::vector<std::string> Assignments();

// The same of the task's options, as nmn eval takes them: "task.horizon=".
std::vector<std::string> TaskAssignments();

}  // namespace nmn::config
