#pragma once

#include "absl/status/status.h"
#include "bridge/found_task.h"
#include "common/env/environment.h"
#include "common/tensor/view.h"

namespace nmn::bridge {

// Episodes of a task of the user's own, a lane each, whoever plays them.
//
//   Reset(key, x) -> [ Step(action, result) ] x T
//
// Where a trial ends inside an episode the next one of the same task begins in the same step: the observation is its
// first. What the task puts out is checked: finite, within the bounds that it declares. Whatever fails is one line that
// names the task, environment, step and cause. Then the episodes are lost, and the next Reset begins anew. ABORTED,
// OUT_OF_RANGE, DEADLINE_EXCEEDED, UNAVAILABLE: the same episodes may go well another time. Not thread-safe.
class TaskLanes {
 public:
  virtual ~TaskLanes() = default;

  virtual const FoundTask& found() const = 0;

  // Begins observation.columns episodes. observation [observation_size, lane] out: x_0.
  virtual absl::Status Reset(const env::BatchKey& key, View2 observation) = 0;
  // action [action width, lane] is within its bounds; an index from 0 for a choice. Of the result all but the action is
  // written.
  virtual absl::Status Step(ConstView2 action, const env::StepResult& result) = 0;

  // A Reset or Step that waits for another process, now or later, returns CANCELLED soon. Thread-safe; for good.
  virtual void Interrupt() {}
};

}  // namespace nmn::bridge
