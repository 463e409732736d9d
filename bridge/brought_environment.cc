#include "bridge/brought_environment.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/env/brought.h"

namespace nmn::bridge {
namespace {

void Fill(View2 view, float value) {
  for (size_t r = 0; r < view.rows; ++r) std::fill_n(view.row(r), view.columns, value);
}

}  // namespace

void ToTask(const v1::ActionSpace& space, ConstView2 raw_action, View2 action) {
  for (size_t r = 0; r < raw_action.rows; ++r) {
    if (!space.has_box()) {
      std::copy_n(raw_action.row(r), raw_action.columns, action.row(r));
      continue;
    }
    const v1::BoxSpace& box = space.box();
    const int i = static_cast<int>(r);
    for (size_t lane = 0; lane < raw_action.columns; ++lane) {
      const float a = box.offset(i) + box.scale(i) * raw_action(r, lane);
      action(r, lane) = std::clamp(a, box.low(i), box.high(i));
    }
  }
}

BroughtEnvironment::BroughtEnvironment(std::unique_ptr<TaskLanes> lanes, size_t max_lanes)
    : lanes_(std::move(lanes)), spec_(env::SpecOf(lanes_->found().spec)), max_lanes_(max_lanes) {}

void BroughtEnvironment::Reset(const env::BatchKey& key, View2 observation) {
  status_ = lanes_->Reset(key, observation);
  if (!status_.ok()) Fill(observation, 0);
}

void BroughtEnvironment::Step(ConstView2 raw_action, const env::StepResult& result) {
  assert(status_.ok());
  ToTask(spec_.action, raw_action, result.action);
  status_ = lanes_->Step(result.action, result);
  if (status_.ok()) return;
  const size_t lanes = result.observation.columns;
  std::fill_n(result.reward, lanes, 0.0f);
  if (result.trial_end != nullptr) std::fill_n(result.trial_end, lanes, env::kGoesOn);
  Fill(result.observation, 0);
  Fill(result.final_observation, 0);
}

}  // namespace nmn::bridge
