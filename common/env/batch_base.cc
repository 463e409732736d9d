#include "common/env/batch_base.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/env/busy_wait.h"

namespace nmn::env {

v1::ActionSpace Numbers(int count, float low, float high, float scale, v1::BoxSpace::Bound bound) {
  v1::ActionSpace space;
  v1::BoxSpace& box = *space.mutable_box();
  for (int i = 0; i < count; ++i) {
    box.add_low(low);
    box.add_high(high);
    box.add_scale(scale);
    box.add_offset(0);
  }
  box.set_bound(bound);
  return space;
}

uint32_t ChoiceOf(float raw_action, uint32_t choices) {
  return raw_action >= 0 ? static_cast<uint32_t>(std::min(raw_action, static_cast<float>(choices - 1))) : 0;
}

BatchBase::BatchBase(EnvironmentSpec spec, const v1::EnvironmentOptions& options, size_t max_lanes)
    : spec_(std::move(spec)),
      horizon_(options.horizon() == 0 ? spec_.default_horizon : options.horizon()),
      step_cost_us_(options.step_cost_us()),
      max_lanes_(max_lanes),
      measures_(spec_.measures.size() * max_lanes) {}

rng::StreamPosition BatchBase::Now(size_t lane) const {
  return {key_.seed, key_.update, key_.first_episode + static_cast<uint32_t>(lane), draw_step_};
}

void BatchBase::Reset(const BatchKey& key, View2 observation) {
  assert(observation.columns <= max_lanes_ && observation.rows == spec_.observation_size);
  key_ = key;
  lanes_ = observation.columns;
  step_ = 0;
  draw_step_ = 0;
  std::fill(measures_.begin(), measures_.end(), 0.0);
  for (size_t lane = 0; lane < lanes_; ++lane) Begin(lane);
  BeforeObservation();
  Observe(observation);
}

void BatchBase::Step(ConstView2 raw_action, const StepResult& result) {
  assert(step_ < horizon_ && result.observation.columns == lanes_);
  assert(raw_action.columns == lanes_ && result.action.columns == lanes_ && result.action.rows == raw_action.rows);
  draw_step_ = step_ + 1;
  Act(raw_action, result);
  ++step_;
  BeforeObservation();
  Observe(result.observation);
  BusyWait(step_cost_us_ * static_cast<double>(lanes_));
}

void BatchBase::EndTrials(bool ends, const StepResult& result) const {
  if (result.trial_end != nullptr) std::fill_n(result.trial_end, lanes_, ends ? kTruncated : kGoesOn);
  const View2 last = result.final_observation;
  for (size_t row = 0; row < last.rows; ++row) std::fill_n(last.row(row), lanes_, 0.0f);
  if (ends && last.rows > 0) Observe(last);
}

double BatchBase::Measure(size_t measure, size_t lane) const {
  assert(measure < spec_.measures.size() && lane < lanes_);
  return measures_[measure * max_lanes_ + lane];
}

}  // namespace nmn::env
