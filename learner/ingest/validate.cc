#include "learner/ingest/validate.h"

#include <cmath>
#include <string>

namespace nmn::ingest {

Verdict CheckShape(const BatchShape& shape, const v1::Trajectory& trajectory) {
  const uint64_t unit_end = uint64_t{trajectory.unit().first_episode()} + trajectory.unit().count();
  const uint64_t end = uint64_t{trajectory.first_episode()} + trajectory.count();
  if (trajectory.count() == 0 || trajectory.first_episode() < trajectory.unit().first_episode() || end > unit_end ||
      unit_end > shape.episodes) {
    return {v1::MALFORMED, "episodes that are not of the unit"};
  }
  Verdict blocks = trajectory::CheckBlocks(shape.layout, shape.horizon, trajectory.count(), trajectory);
  if (!blocks.accepted()) return blocks;
  if (trajectory.measures_size() != static_cast<int>(shape.measures.size()))
    return {v1::WRONG_SHAPE, "the number of measures"};
  for (int m = 0; m < trajectory.measures_size(); ++m) {
    const v1::MeasureBlock& measure = trajectory.measures(m);
    if (measure.name() != shape.measures[static_cast<size_t>(m)]) return {v1::WRONG_SHAPE, "the name of a measure"};
    if (measure.values_size() != static_cast<int>(trajectory.count()))
      return {v1::WRONG_SHAPE, "measure " + measure.name()};
  }
  return {};
}

Verdict CheckPayload(const trajectory::TrajectoryLayout& layout, const v1::Trajectory& trajectory) {
  if (trajectory.sha256() != PayloadSha256(trajectory))
    return {v1::DIGEST_MISMATCH, "the payload is not what its SHA-256 says"};
  if (Verdict verdict = trajectory::CheckNumbers(layout, trajectory); !verdict.accepted()) return verdict;
  for (const v1::MeasureBlock& measure : trajectory.measures()) {
    for (const double value : measure.values()) {
      if (!std::isfinite(value)) return {v1::NOT_FINITE, "measure " + measure.name()};
    }
  }
  return {};
}

}  // namespace nmn::ingest
