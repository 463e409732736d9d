#pragma once

#include <cstdint>
#include <vector>

#include "common/env/environment.h"
#include "common/rng/philox.h"

namespace nmn::env {

// An action of `count` numbers, each bound(scale u), where the bound leads into [low, high].
v1::ActionSpace Numbers(int count, float low, float high, float scale, v1::BoxSpace::Bound bound);

// The choice that a recorded action names, of `choices`; what is outside counts as the nearest, and no number as the
// first: a caller who gives such a thing gets a wrong step, never memory that is not its own.
uint32_t ChoiceOf(float raw_action, uint32_t choices);

// What the tasks that ship share: the episode's clock, where draws stand, measures, the busy wait. A task fills in the
// hooks.
//
//   Reset: Begin(lane) for every lane -> BeforeObservation -> Observe
//   Step:  Act -> BeforeObservation -> Observe -> busy wait
//
// Draws that follow the action of step t are keyed by step t + 1; those of Reset by step 0.
class BatchBase : public BatchedEnvironment {
 public:
  const EnvironmentSpec& spec() const final { return spec_; }
  uint32_t horizon() const final { return horizon_; }
  size_t max_lanes() const final { return max_lanes_; }
  void Reset(const BatchKey& key, View2 observation) final;
  void Step(ConstView2 raw_action, const StepResult& result) final;
  double Measure(size_t measure, size_t lane) const final;

 protected:
  BatchBase(EnvironmentSpec spec, const v1::EnvironmentOptions& options, size_t max_lanes);

  // The task and the first state of a lane.
  virtual void Begin(size_t lane) = 0;
  // One step of all lanes: the next state, and of the result all but the observation. A task with trials begins the
  // next one here.
  virtual void Act(ConstView2 raw_action, const StepResult& result) = 0;
  // For tasks whose trials have one length: says in the result whether the step ends the trial of every lane. To be
  // called in Act before the next trials begin.
  void EndTrials(bool ends, const StepResult& result) const;
  // After Begin of all lanes, and after Act when step() counts it: what may change before x_t is displayed.
  virtual void BeforeObservation() {}
  virtual void Observe(View2 observation) const = 0;

  const BatchKey& key() const { return key_; }
  size_t lanes() const { return lanes_; }
  uint32_t step() const { return step_; }
  double* measure(size_t index) { return measures_.data() + index * max_lanes_; }
  // Key of what is drawn now for a lane: step 0 in Reset, t + 1 within step t.
  rng::StreamPosition Now(size_t lane) const;

 private:
  const EnvironmentSpec spec_;
  const uint32_t horizon_;
  const double step_cost_us_;
  const size_t max_lanes_;

  BatchKey key_;
  size_t lanes_ = 0;
  uint32_t step_ = 0;
  uint32_t draw_step_ = 0;
  std::vector<double> measures_;  // [measure, lane]
};

}  // namespace nmn::env
