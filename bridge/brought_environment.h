#pragma once

#include <memory>

#include "bridge/task_lanes.h"
#include "common/env/environment.h"
#include "common/env/interruptible.h"

namespace nmn::bridge {

// A task of the user's own as the environment that a rollout steps. A failure of the task shows in status(), and the
// next Reset begins anew.
class BroughtEnvironment final : public env::BatchedEnvironment, public env::Interruptible {
 public:
  BroughtEnvironment(std::unique_ptr<TaskLanes> lanes, size_t max_lanes);

  const env::EnvironmentSpec& spec() const override { return spec_; }
  uint32_t horizon() const override { return lanes_->found().spec.horizon(); }
  size_t max_lanes() const override { return max_lanes_; }
  absl::Status status() const override { return status_; }
  void Interrupt() override { lanes_->Interrupt(); }
  void Reset(const env::BatchKey& key, View2 observation) override;
  void Step(ConstView2 raw_action, const env::StepResult& result) override;
  double Measure(size_t, size_t) const override { return 0; }  // it has none
  void ReadTask(size_t lane, std::span<float> out) const override {}
  void ReadState(size_t lane, std::span<float> out) const override {}

 private:
  const std::unique_ptr<TaskLanes> lanes_;
  const env::EnvironmentSpec spec_;
  const size_t max_lanes_;
  absl::Status status_;
};

// Actions as the task gets them, of what a policy sampled [action width, lane]: a = offset + scale * u within the
// bounds of a box; indices of choices as they are.
void ToTask(const v1::ActionSpace& space, ConstView2 raw_action, View2 action);

}  // namespace nmn::bridge
