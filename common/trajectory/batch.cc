#include "common/trajectory/batch.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace nmn::trajectory {
namespace {

template <typename T>
BasicView2<T> AsScalar(const BasicView3<T>& array) {
  assert(array.rows == 1);
  return {array.data, array.planes, array.columns};
}

}  // namespace

TrajectoryBatch::TrajectoryBatch(TrajectoryLayout layout)
    : layout_(std::move(layout)), arrays_(layout_.fields().size()) {}

ConstView2 TrajectoryBatch::Scalar(v1::Field id) const { return AsScalar(Of(id)); }

TrajectoryBatch TrajectoryBatch::FirstSteps(size_t steps) const {
  TrajectoryBatch some = *this;
  for (ConstView3& array : some.arrays_) array.planes = steps;
  return some;
}

TrajectoryArrays::TrajectoryArrays(TrajectoryLayout layout, size_t steps, size_t max_lanes)
    : layout_(std::move(layout)), steps_(steps) {
  for (const FieldSpec& field : layout_.fields()) arrays_.emplace_back(steps * field.width * max_lanes);
}

View3 TrajectoryArrays::array(size_t field, size_t lanes) {
  return {arrays_[field].data(), steps_, layout_.fields()[field].width, lanes};
}

View2 TrajectoryArrays::Scalar(v1::Field id, size_t lanes) { return AsScalar(Of(id, lanes)); }

env::StepResult TrajectoryArrays::ResultOf(size_t t, size_t lanes) {
  env::StepResult result{Of(v1::ACTION, lanes).plane(t), Scalar(v1::REWARD, lanes).row(t),
                         Of(v1::OBSERVATION, lanes).plane(t + 1)};
  if (layout_.Has(v1::TRIAL_END)) result.trial_end = Scalar(v1::TRIAL_END, lanes).row(t);
  if (layout_.Has(v1::FINAL_OBSERVATION)) result.final_observation = Of(v1::FINAL_OBSERVATION, lanes).plane(t);
  return result;
}

TrajectoryBatch TrajectoryArrays::Batch(size_t steps, size_t lanes) const {
  TrajectoryBatch batch(layout_);
  for (size_t f = 0; f < arrays_.size(); ++f) {
    const FieldSpec& field = layout_.fields()[f];
    batch.Set(field.kind->id, {arrays_[f].data(), steps, field.width, lanes});
  }
  return batch;
}

void CopyLanes(ConstView3 from, size_t first, size_t count, View3 to, size_t to_first) {
  assert(from.planes <= to.planes && from.rows == to.rows);
  for (size_t t = 0; t < from.planes; ++t) {
    for (size_t r = 0; r < from.rows; ++r)
      std::copy_n(from.plane(t).row(r) + first, count, to.plane(t).row(r) + to_first);
  }
}

}  // namespace nmn::trajectory
