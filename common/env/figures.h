#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "nmn/v1/run_config.pb.h"

namespace nmn::env {

// In-episode steps whose mean reward tells how fast a policy adapts; the last step of the episode is one more.
inline constexpr std::array<uint32_t, 5> kAdaptationSteps = {0, 1, 2, 5, 10};
// Those of an episode of `horizon` steps, at least 1: in ascending order, each once, the last step at the end.
std::vector<uint32_t> AdaptationSteps(uint32_t horizon);

// What a policy that knows the task gets: the mean over episodes of the return, plain and with kReportedDiscount.
struct Optimum {
  double raw = 0;
  double discounted = 0;
};
// Nothing where it is not known: an unknown benchmark, or options under which an episode is another than the one that
// the figures were computed for (horizon, cone, switches, given tasks or targets). Both domains of b1 have one: who
// knows the task hits at every step.
std::optional<Optimum> KnownOptimum(std::string_view benchmark, const v1::EnvironmentOptions& options);
// The same of the episodes that a run trains on; nothing where they are shorter than the horizon (ppo.rollout_steps).
std::optional<Optimum> KnownTrainingOptimum(const v1::RunConfig& config);

}  // namespace nmn::env
