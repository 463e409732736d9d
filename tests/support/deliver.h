#pragma once

#include "learner/ingest/core.h"

namespace nmn::ingest {

// All that is left to do with a message that Examine took, at once.
inline Verdict Deliver(Core& core, const trajectory::TrajectoryLayout& layout, StreamId stream,
                       const v1::Trajectory& trajectory, Time now) {
  Slab::Claim claim;
  const Verdict verdict = core.Claim(stream, trajectory, CheckPayload(layout, trajectory), now, claim);
  if (!verdict.accepted()) return verdict;
  claim.Write(trajectory);
  return core.Keep(stream, trajectory, claim, now);
}

}  // namespace nmn::ingest
