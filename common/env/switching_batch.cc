#include "common/env/switching_batch.h"

#include <algorithm>
#include <utility>

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

SwitchingBatch::SwitchingBatch(EnvironmentSpec spec, const v1::EnvironmentOptions& options, size_t max_lanes)
    : BatchBase(std::move(spec), options, max_lanes),
      switch_probability_(static_cast<float>(options.switch_probability())),
      switch_steps_(Sorted({options.switch_steps().begin(), options.switch_steps().end()})),
      given_tasks_(options.tasks().begin(), options.tasks().end()),
      task_(max_lanes),
      redraws_(max_lanes) {}

void SwitchingBatch::Begin(size_t lane) {
  redraws_[lane] = 0;
  task_[lane] = given_tasks_.empty() ? DrawTask(rng::Draw(Now(lane), rng::Purpose::kTask, kFirstOrHit)[0])
                                     : given_tasks_[(key().first_global_episode + lane) % given_tasks_.size()];
  Start(lane);
}

void SwitchingBatch::RedrawTask(size_t lane, uint16_t draw) {
  ++redraws_[lane];
  task_[lane] = given_tasks_.empty()
                    ? DrawTask(rng::Draw(Now(lane), rng::Purpose::kTask, draw)[0])
                    : given_tasks_[(key().first_global_episode + lane + redraws_[lane]) % given_tasks_.size()];
}

void SwitchingBatch::HitTask(size_t lane) {
  if (switch_probability_ <= 0) return;
  if (rng::UnitUniform(rng::Draw(Now(lane), rng::Purpose::kSwitch)[0]) < switch_probability_)
    RedrawTask(lane, kFirstOrHit);
}

void SwitchingBatch::BeforeObservation() {
  if (!std::binary_search(switch_steps_.begin(), switch_steps_.end(), step())) return;
  for (size_t lane = 0; lane < lanes(); ++lane) {
    RedrawTask(lane, kListed);
    TaskMoved(lane);
  }
}

}  // namespace nmn::env
