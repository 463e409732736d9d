#include "common/env/batch_base.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/env/busy_wait.h"

namespace nmn::env {
namespace {

// Draw numbers of kTask: the two re-draws that can follow one step must not share a block.
constexpr uint16_t kFirstOrHit = 0;
constexpr uint16_t kListed = 1;

std::vector<uint32_t> Sorted(std::vector<uint32_t> steps) {
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace

v1::ActionSpace OneNumber(float low, float high, float scale, v1::BoxSpace::Bound bound) {
  v1::ActionSpace space;
  v1::BoxSpace& box = *space.mutable_box();
  box.add_low(low);
  box.add_high(high);
  box.add_scale(scale);
  box.add_offset(0);
  box.set_bound(bound);
  return space;
}

BatchBase::BatchBase(EnvironmentSpec spec, const v1::EnvironmentOptions& options, size_t max_lanes)
    : spec_(std::move(spec)),
      horizon_(options.horizon() == 0 ? spec_.default_horizon : options.horizon()),
      switch_probability_(static_cast<float>(options.switch_probability())),
      switch_steps_(Sorted({options.switch_steps().begin(), options.switch_steps().end()})),
      given_tasks_(options.tasks().begin(), options.tasks().end()),
      step_cost_us_(options.step_cost_us()),
      task_(max_lanes),
      redraws_(max_lanes),
      measures_(spec_.measures.size() * max_lanes) {}

rng::StreamPosition BatchBase::Now(size_t lane) const {
  return {key_.seed, key_.update, key_.first_episode + static_cast<uint32_t>(lane), draw_step_};
}

void BatchBase::Reset(const BatchKey& key, View2 observation) {
  assert(observation.columns <= max_lanes() && observation.rows == spec_.observation_size);
  key_ = key;
  lanes_ = observation.columns;
  step_ = 0;
  draw_step_ = 0;
  std::fill(measures_.begin(), measures_.end(), 0.0);
  for (size_t lane = 0; lane < lanes_; ++lane) {
    redraws_[lane] = 0;
    task_[lane] = given_tasks_.empty() ? DrawTask(rng::Draw(Now(lane), rng::Purpose::kTask, kFirstOrHit)[0])
                                       : given_tasks_[(key_.first_global_episode + lane) % given_tasks_.size()];
    Begin(lane);
  }
  SwitchAtListedStep();
  Observe(observation);
}

void BatchBase::Step(ConstView2 raw_action, View2 action, float* reward, View2 observation) {
  assert(step_ < horizon_ && observation.columns == lanes_);
  assert(raw_action.columns == lanes_ && action.columns == lanes_ && action.rows == raw_action.rows);
  draw_step_ = step_ + 1;
  Act(raw_action, action, reward);
  ++step_;
  SwitchAtListedStep();
  Observe(observation);
  BusyWait(step_cost_us_ * static_cast<double>(lanes_));
}

double BatchBase::Measure(size_t measure, size_t lane) const {
  assert(measure < spec_.measures.size() && lane < lanes_);
  return measures_[measure * max_lanes() + lane];
}

void BatchBase::RedrawTask(size_t lane, uint16_t draw) {
  ++redraws_[lane];
  task_[lane] = given_tasks_.empty()
                    ? DrawTask(rng::Draw(Now(lane), rng::Purpose::kTask, draw)[0])
                    : given_tasks_[(key_.first_global_episode + lane + redraws_[lane]) % given_tasks_.size()];
}

void BatchBase::HitTask(size_t lane) {
  if (switch_probability_ <= 0) return;
  if (rng::UnitUniform(rng::Draw(Now(lane), rng::Purpose::kSwitch)[0]) < switch_probability_)
    RedrawTask(lane, kFirstOrHit);
}

void BatchBase::SwitchAtListedStep() {
  if (!std::binary_search(switch_steps_.begin(), switch_steps_.end(), step_)) return;
  for (size_t lane = 0; lane < lanes_; ++lane) {
    RedrawTask(lane, kListed);
    TaskMoved(lane);
  }
}

}  // namespace nmn::env
