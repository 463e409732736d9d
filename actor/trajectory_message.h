#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actor/rollout.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::actor {

// A message's blocks take at most this, unless one episode alone is larger.
inline constexpr size_t kTrajectoryBytes = size_t{4} << 20;

struct TrajectoryHeader {
  std::string run_id;
  uint32_t generation = 0;
  uint32_t policy_version = 0;
  std::vector<std::string> measure_names;
};

// The episodes of `unit` out of a rollout that holds them all, as messages of whole episodes, in order. Deterministic:
// the same unit gives the same messages in every process.
std::vector<v1::Trajectory> MakeTrajectories(const TrajectoryHeader& header, const v1::UnitId& unit,
                                             const RolloutResult& rollout, size_t max_bytes = kTrajectoryBytes);

}  // namespace nmn::actor
