#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/python_task.h"
#include "bridge/segment.h"
#include "bridge/worker.h"
#include "common/env/environment.h"
#include "common/tensor/view.h"

namespace nmn::bridge {

// Episodes of a task in Python, a lane each, that worker processes step side by side.
//
//   Reset(key, x) -> [ Step(action, reward, trial end, x) ] x T
//
// Where a trial ends inside an episode the next one of the same task begins in the same step: the observation is its
// first. Each reset gets a seed by (seed, update, episode, trial), and the seed of its task by (seed, update, episode):
// a task that is a function of the two gives the same numbers in any lane, beside any neighbours and for any number of
// workers.
//
// What a worker answers is checked: finite, within the Box that the task declares. Whatever fails is one line that
// names the task, environment, step and cause; the codes are those of Worker, and OUT_OF_RANGE for a number that may
// not be. Then the episodes are lost, and the next Reset begins them with a new process in the place of the one that
// failed. Not thread-safe.
class WorkerPool {
 public:
  // Blocks until all have made an environment.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Start(PythonTask task, size_t max_lanes);
  ~WorkerPool();  // environments are closed first, where that is quick

  const FoundTask& found() const { return found_; }

  // Begins observation.columns episodes. observation [observation_size, lane] out: x_0.
  absl::Status Reset(const env::BatchKey& key, View2 observation);
  // action      [action width, lane]      within its bounds; an index from 0 for a choice
  // reward      [lane] out
  // trial_end   [lane] out                0 going on, 1 terminated, 2 truncated
  // observation [observation_size, lane]  out: x_{t+1}
  absl::Status Step(ConstView2 action, float* reward, float* trial_end, View2 observation);

 private:
  struct Member {
    Segment segment;
    std::unique_ptr<Worker> worker;  // null: it failed
    size_t first = 0;                // of the lanes that it has now
    size_t count = 0;
  };

  WorkerPool(PythonTask task, size_t max_lanes) : task_(std::move(task)), trial_(max_lanes) {}
  absl::Status StartMembers(size_t max_lanes);
  absl::Status ReplaceFailed();
  void Seed(Member& member, size_t i);  // its lane i
  void WriteActions(ConstView2 action, Member& member) const;
  absl::Status Run(Command command);
  absl::Status Check(Command command, Member& member) const;
  absl::Status CheckObservation(size_t index, float x) const;
  // Names task, environment and step in front of what failed.
  absl::Status Located(Command command, size_t lane, const absl::Status& failure) const;

  const PythonTask task_;
  FoundTask found_;
  std::vector<Member> members_;
  env::BatchKey key_;
  size_t lanes_ = 0;
  uint32_t step_ = 0;
  std::vector<uint32_t> trial_;  // [lane]
};

}  // namespace nmn::bridge
