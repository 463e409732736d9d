#pragma once

#include "common/trajectory/message.h"
#include "learner/ingest/batch_shape.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

using trajectory::PayloadSha256;
using trajectory::Verdict;

// Episodes within the unit, the unit within the update, blocks and measures exactly as the config has them. Reads sizes
// only, no payload. MALFORMED or WRONG_SHAPE.
Verdict CheckShape(const BatchShape& shape, const v1::Trajectory& trajectory);

// The payload of a message that passed CheckShape: digest, then finite, then in range. DIGEST_MISMATCH, NOT_FINITE,
// OUT_OF_RANGE. Pure, and the only costly step: run it outside of locks.
Verdict CheckPayload(const trajectory::TrajectoryLayout& layout, const v1::Trajectory& trajectory);

}  // namespace nmn::ingest
