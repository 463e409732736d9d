#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/trajectory/layout.h"

namespace nmn::ingest {

// What the episodes of an update look like. It comes from the learner's own config, never from a sender's numbers.
struct BatchShape {
  uint32_t horizon = 0;                 // steps of an episode of training
  trajectory::TrajectoryLayout layout;  // of a step
  uint32_t episodes = 0;                // in an update
  std::vector<std::string> measures;
};

}  // namespace nmn::ingest
