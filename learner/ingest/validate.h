#pragma once

#include <string>

#include "learner/ingest/batch_shape.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

// What becomes of a message: ACCEPTED, or why not. One enum for wire, metric and test.
struct Verdict {
  v1::RejectReason reason = v1::ACCEPTED;
  std::string detail;

  bool accepted() const { return reason == v1::ACCEPTED; }
};

// Of environment quantities (x, fed-back action, reward): no benchmark comes near it. u, mean and log-variance are the
// policy's own and may be any finite number.
inline constexpr float kLargestEnvironmentValue = 1e6f;

// Episodes within the unit, the unit within the update, blocks and measures exactly as the config has them. Reads sizes
// only, no payload. MALFORMED or WRONG_SHAPE.
Verdict CheckShape(const BatchShape& shape, const v1::Trajectory& trajectory);

// The payload of a message that passed CheckShape: digest, then finite, then in range. DIGEST_MISMATCH, NOT_FINITE,
// OUT_OF_RANGE. Pure, and the only costly step: run it outside of locks.
Verdict CheckPayload(const v1::Trajectory& trajectory);

// Trajectory.sha256 as it must be.
std::string PayloadSha256(const v1::Trajectory& trajectory);

}  // namespace nmn::ingest
