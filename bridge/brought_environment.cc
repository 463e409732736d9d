#include "bridge/brought_environment.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/env/brought.h"

namespace nmn::bridge {
namespace {

// Numbers of an observation that say how the step before ended its trial.
constexpr uint32_t kEndRows = 2;
constexpr float kTerminated = 1, kTruncated = 2;  // as TaskLanes say it

enum MeasureIndex { kTrials, kFirstTrialReturn, kLastTrialReturn };

void Fill(View2 view, float value) {
  for (size_t r = 0; r < view.rows; ++r) std::fill_n(view.row(r), view.columns, value);
}

}  // namespace

env::EnvironmentSpec EnvironmentSpecOf(const FoundTask& found) {
  env::EnvironmentSpec spec = env::SpecOf(found.spec);
  spec.observation_size += kEndRows;
  return spec;
}

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
    : lanes_(std::move(lanes)), spec_(EnvironmentSpecOf(lanes_->found())), trial_end_(max_lanes), trials_(max_lanes) {}

View2 BroughtEnvironment::Own(View2 observation) const {
  return View2(observation.data, observation.rows - kEndRows, observation.columns, observation.stride);
}

void BroughtEnvironment::Reset(const env::BatchKey& key, View2 observation) {
  std::fill(trials_.begin(), trials_.end(), Trials());
  Fill(observation, 0);
  status_ = lanes_->Reset(key, Own(observation));
}

void BroughtEnvironment::Step(ConstView2 raw_action, const env::StepResult& result) {
  assert(status_.ok());
  ToTask(spec_.action, raw_action, result.action);
  const View2 observation = result.observation;
  float* const reward = result.reward;
  status_ = lanes_->Step(result.action, reward, trial_end_.data(), Own(observation));
  if (!status_.ok()) {
    std::fill_n(reward, observation.columns, 0.0f);
    Fill(observation, 0);
    return;
  }
  for (size_t lane = 0; lane < observation.columns; ++lane) {
    observation(observation.rows - kEndRows, lane) = trial_end_[lane] == kTerminated ? 1 : 0;
    observation(observation.rows - 1, lane) = trial_end_[lane] == kTruncated ? 1 : 0;
    Trials& trials = trials_[lane];
    trials.now += reward[lane];
    if (trial_end_[lane] == 0) continue;
    if (trials.ended == 0) trials.first = trials.now;
    trials.last = trials.now;
    trials.now = 0;
    ++trials.ended;
  }
}

double BroughtEnvironment::Measure(size_t measure, size_t lane) const {
  const Trials& trials = trials_[lane];
  if (measure == kTrials) return trials.ended;
  if (trials.ended == 0) return trials.now;
  return measure == kFirstTrialReturn ? trials.first : trials.last;
}

}  // namespace nmn::bridge
