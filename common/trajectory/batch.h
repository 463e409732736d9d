#pragma once

#include <cstddef>
#include <vector>

#include "common/env/environment.h"
#include "common/tensor/view.h"
#include "common/trajectory/layout.h"

namespace nmn::trajectory {

// Episodes, whole or their first steps: one array a field, [time, width, lane]. Borrowed; lanes are episodes in order.
class TrajectoryBatch {
 public:
  TrajectoryBatch() = default;
  // Arrays of no step, to be set.
  explicit TrajectoryBatch(TrajectoryLayout layout);

  const TrajectoryLayout& layout() const { return layout_; }
  size_t steps() const { return Of(v1::REWARD).planes; }
  size_t lanes() const { return Of(v1::REWARD).columns; }

  // The field must be in the layout.
  ConstView3 Of(v1::Field id) const { return arrays_[layout_.IndexOf(id)]; }
  // In the order of the layout.
  ConstView3 array(size_t field) const { return arrays_[field]; }
  void Set(v1::Field id, ConstView3 array) { arrays_[layout_.IndexOf(id)] = array; }

  ConstView3 observation() const { return Of(v1::OBSERVATION); }    // x
  ConstView2 raw_action() const { return Scalar(v1::RAW_ACTION); }  // u            [time, lane]
  ConstView2 action() const { return Scalar(v1::ACTION); }          // as fed back  [time, lane]
  ConstView2 reward() const { return Scalar(v1::REWARD); }          // raw          [time, lane]
  // A field of one number a step, as [time, lane].
  ConstView2 Scalar(v1::Field id) const;

  TrajectoryBatch FirstSteps(size_t steps) const;

 private:
  TrajectoryLayout layout_;
  std::vector<ConstView3> arrays_;  // in the order of the layout
};

// Memory for whole episodes. Preallocated: a batch of fewer lanes takes the beginning of each array.
class TrajectoryArrays {
 public:
  TrajectoryArrays() = default;
  TrajectoryArrays(TrajectoryLayout layout, size_t steps, size_t max_lanes);

  const TrajectoryLayout& layout() const { return layout_; }
  // All of a field's memory.
  float* data(size_t field) { return arrays_[field].data(); }
  const float* data(size_t field) const { return arrays_[field].data(); }
  // [time, width, lane]
  View3 array(size_t field, size_t lanes);
  View3 Of(v1::Field id, size_t lanes) { return array(layout_.IndexOf(id), lanes); }
  // Where an environment puts what comes of step t, whose next observation is that of t + 1.
  env::StepResult ResultOf(size_t t, size_t lanes);
  // Of a field with one number a step, [time, lane].
  View2 Scalar(v1::Field id, size_t lanes);
  // The first steps of the first lanes of an array of `lanes`.
  TrajectoryBatch Batch(size_t steps, size_t lanes) const;

 private:
  TrajectoryLayout layout_;
  size_t steps_ = 0;
  std::vector<std::vector<float>> arrays_;  // in the order of the layout
};

// Lanes [first, first + count) of one array into lanes [to_first, ..) of another, all steps.
void CopyLanes(ConstView3 from, size_t first, size_t count, View3 to, size_t to_first);

}  // namespace nmn::trajectory
