#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/episodes.h"
#include "bridge/interruption.h"
#include "bridge/python_task.h"
#include "bridge/segment.h"
#include "bridge/task_lanes.h"
#include "bridge/worker.h"
#include "common/env/environment.h"
#include "common/tensor/view.h"

namespace nmn::bridge {

// Episodes of a task in Python that worker processes step side by side; the same numbers for any number of workers.
//
// The codes of failures are those of Worker, and OUT_OF_RANGE for a number that may not be. The next Reset after one
// begins with a new process in the place of the one that failed.
class WorkerPool final : public TaskLanes {
 public:
  // Blocks until all have made an environment.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Start(PythonTask task, size_t max_lanes);
  ~WorkerPool() override;  // environments are closed first, where that is quick

  const FoundTask& found() const override { return found_; }
  void Interrupt() override { interruption_.Set(); }
  absl::Status Reset(const env::BatchKey& key, View2 observation) override;
  absl::Status Step(ConstView2 action, const env::StepResult& result) override;

 private:
  struct Member {
    Segment segment;
    std::unique_ptr<Worker> worker;  // null: it failed
    size_t first = 0;                // of the lanes that it has now
    size_t count = 0;
  };

  WorkerPool(PythonTask task, size_t max_lanes) : task_(std::move(task)), episodes_(task_.task, max_lanes) {}
  absl::Status StartMembers(size_t max_lanes);
  absl::Status ReplaceFailed();
  void Seed(Member& member, size_t i) const;  // its lane i
  // What came of lane i of it.
  static void Read(Segment& segment, size_t i, size_t lane, const env::StepResult& result);
  void WriteActions(ConstView2 action, Member& member) const;
  absl::Status Run(Command command);
  absl::Status Check(Command command, Member& member) const;

  const PythonTask task_;
  Interruption interruption_;  // before the workers, which look at it
  FoundTask found_;
  std::vector<Member> members_;
  Episodes episodes_;
};

}  // namespace nmn::bridge
