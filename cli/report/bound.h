#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/report/run.h"
#include "common/env/figures.h"

namespace nmn::report {

// What no policy can exceed by much that has to find the task out: what one gets that knows it.
struct Bound {
  env::Optimum returns;
  uint32_t episodes = 0;  // that were played to find it; 0: it is a figure of docs/specification.md section 4

  // "a policy that knows the task", or "rule oracle, 256 episodes".
  std::string Label() const;
};

// The known figure. Nothing if the runs' environments differ, or if one of them has other options.
std::optional<Bound> KnownBound(const std::vector<Run>& runs);

// What the rule oracle gets in the episodes that all of the runs train on: of their environment's options, and no
// longer than ppo.rollout_steps. The episodes are 0 to 255 of seed 1, so it is a function of the config. Nothing if the
// runs' environments differ, or if there is no such rule for them.
std::optional<Bound> PlayedBound(const std::vector<Run>& runs);

}  // namespace nmn::report
