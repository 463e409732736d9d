#pragma once

#include "common/trajectory/message.h"
#include "learner/ingest/batch_shape.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

using trajectory::PayloadSha256;
using trajectory::Verdict;

// Checks that the episodes are within the unit, the unit is within the update, and blocks and measures are exactly as
// the config has them. Reads sizes only, no payload. MALFORMED or WRONG_SHAPE.
Verdict CheckShape(const BatchShape& shape, const v1::Trajectory& trajectory);

// Checks the payload of a message that passed CheckShape: first the digest, then whether numbers are finite, then
// whether they are in range. DIGEST_MISMATCH, NOT_FINITE or OUT_OF_RANGE. Pure. It is the only costly step, so run it
// outside of locks.
Verdict CheckPayload(const trajectory::TrajectoryLayout& layout, const v1::Trajectory& trajectory);

}  // namespace nmn::ingest
