#pragma once

#include <cstdint>
#include <vector>

#include "common/env/batch_base.h"

namespace nmn::env {

// What the paper's benchmarks share: a task that is one number, drawn, given or drawn anew within the episode. A
// benchmark fills in the hooks.
//
//   Reset: Start(lane) for every lane -> Observe
//   Step:  Act (a hit calls HitTask, then respawns) -> re-draw of a listed step -> Observe -> busy wait
//
// A task that is listed for step t is re-drawn after the action of step t - 1 and before x_t is displayed (for t = 0 in
// Reset), so that x_t and the action of step t belong to the same task. With given tasks, every re-draw takes the next
// of the list.
class SwitchingBatch : public BatchBase {
 protected:
  SwitchingBatch(EnvironmentSpec spec, const v1::EnvironmentOptions& options, size_t max_lanes);

  // A task from one random word.
  virtual float DrawTask(uint32_t word) const = 0;
  // First state of a lane whose task is set.
  virtual void Start(size_t lane) = 0;
  // The lane's task was re-drawn between steps, not by a hit: what depends on it follows.
  virtual void TaskMoved(size_t lane) = 0;

  // After a hit, before the respawn: re-draws the lane's task with env.switch_probability.
  void HitTask(size_t lane);

  float task(size_t lane) const { return task_[lane]; }
  const float* tasks() const { return task_.data(); }

 private:
  void Begin(size_t lane) final;
  void BeforeObservation() final;
  void RedrawTask(size_t lane, uint16_t draw);

  const float switch_probability_;
  const std::vector<uint32_t> switch_steps_;
  const std::vector<float> given_tasks_;

  std::vector<float> task_;        // [lane]
  std::vector<uint64_t> redraws_;  // [lane] tasks drawn in this episode, beyond the first
};

}  // namespace nmn::env
