#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/env/environment.h"
#include "common/rng/philox.h"

namespace nmn::env {

// An action of one number: bound(scale u), where the bound leads into [low, high].
v1::ActionSpace OneNumber(float low, float high, float scale, v1::BoxSpace::Bound bound);

// What the benchmarks share: the episode's clock, tasks and their re-draws, measures, the busy wait. A benchmark fills
// in the hooks.
//
//   Reset: Begin(lane) for every lane -> Observe
//   Step:  Act (a hit calls HitTask, then respawns) -> re-draw of a listed step -> Observe -> busy wait
//
// A task that is listed for step t is re-drawn after the action of step t - 1 and before x_t is displayed (for t = 0 in
// Reset), so that x_t and the action of step t belong to the same task. Draws that follow the action of step t are
// keyed by step t + 1; those of Reset by step 0. With given tasks, every re-draw takes the next of the list.
class BatchBase : public BatchedEnvironment {
 public:
  const EnvironmentSpec& spec() const final { return spec_; }
  uint32_t horizon() const final { return horizon_; }
  size_t max_lanes() const final { return task_.size(); }
  void Reset(const BatchKey& key, View2 observation) final;
  void Step(ConstView2 raw_action, View2 action, float* reward, View2 observation) final;
  double Measure(size_t measure, size_t lane) const final;

 protected:
  BatchBase(EnvironmentSpec spec, const v1::EnvironmentOptions& options, size_t max_lanes);

  // A task from one random word.
  virtual float DrawTask(uint32_t word) const = 0;
  // First state of a lane whose task is set.
  virtual void Begin(size_t lane) = 0;
  // One step of all lanes: fed-back action, reward, next state.
  virtual void Act(ConstView2 raw_action, View2 action, float* reward) = 0;
  // The lane's task was re-drawn between steps, not by a hit: what depends on it follows.
  virtual void TaskMoved(size_t lane) = 0;
  virtual void Observe(View2 observation) const = 0;

  // After a hit, before the respawn: re-draws the lane's task with env.switch_probability.
  void HitTask(size_t lane);

  const BatchKey& key() const { return key_; }
  size_t lanes() const { return lanes_; }
  uint32_t step() const { return step_; }
  float task(size_t lane) const { return task_[lane]; }
  const float* tasks() const { return task_.data(); }
  double* measure(size_t index) { return measures_.data() + index * max_lanes(); }
  // Key of what is drawn now for a lane: step 0 in Reset, t + 1 within step t.
  rng::StreamPosition Now(size_t lane) const;

 private:
  void RedrawTask(size_t lane, uint16_t draw);
  void SwitchAtListedStep();

  const EnvironmentSpec spec_;
  const uint32_t horizon_;
  const float switch_probability_;
  const std::vector<uint32_t> switch_steps_;
  const std::vector<float> given_tasks_;
  const double step_cost_us_;

  BatchKey key_;
  size_t lanes_ = 0;
  uint32_t step_ = 0;
  uint32_t draw_step_ = 0;
  std::vector<float> task_;        // [lane]
  std::vector<uint64_t> redraws_;  // [lane] tasks drawn in this episode, beyond the first
  std::vector<double> measures_;   // [measure, lane]
};

}  // namespace nmn::env
