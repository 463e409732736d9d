#pragma once

#include <cstddef>
#include <string>

#include "common/trajectory/batch.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::trajectory {

// What becomes of a message: ACCEPTED, or why not. One enum for wire, metric and test.
struct Verdict {
  v1::RejectReason reason = v1::ACCEPTED;
  std::string detail;

  bool accepted() const { return reason == v1::ACCEPTED; }
};

// Bytes of one episode's blocks.
size_t EpisodeBytes(const TrajectoryLayout& layout, size_t steps);

// Lanes [first, first + count) as one block a field, in the order of the layout.
void AppendBlocks(const TrajectoryBatch& batch, size_t first, size_t count, v1::Trajectory& message);

// Whether the blocks are those of the layout for `count` episodes of `steps` steps. Reads sizes only, no payload.
// WRONG_SHAPE.
Verdict CheckBlocks(const TrajectoryLayout& layout, size_t steps, size_t count, const v1::Trajectory& message);
// Whether the numbers of all blocks are finite and in their fields' range, of blocks that CheckBlocks accepted.
// NOT_FINITE, OUT_OF_RANGE.
Verdict CheckNumbers(const TrajectoryLayout& layout, const v1::Trajectory& message);

// Trajectory.sha256 as it must be: of blocks and measures.
std::string PayloadSha256(const v1::Trajectory& message);

// Row `row` of a block that has `count` columns, from column `column` on: float32, perhaps not aligned.
const char* BlockRow(const v1::Block& block, size_t row, size_t count, size_t column);

}  // namespace nmn::trajectory
