#pragma once

#include <memory>
#include <vector>

#include "bridge/task_lanes.h"
#include "common/env/environment.h"
#include "common/env/interruptible.h"

namespace nmn::bridge {

// A task of the user's own as the environment that a rollout steps. An observation has two numbers more than the task's
// own: 1, 0 where the step before terminated a trial, 0, 1 where it truncated one, else 0, 0. So the policy knows that
// what it sees is the first of another trial. The measures are of an episode's trials:
//
//   trials               that ended
//   first_trial_return   of the first that ended; of the one that T cut where none did
//   last_trial_return    likewise of the last
//
// A failure of the task shows in status(), and the next Reset begins anew.
class BroughtEnvironment final : public env::BatchedEnvironment, public env::Interruptible {
 public:
  BroughtEnvironment(std::unique_ptr<TaskLanes> lanes, size_t max_lanes);

  const env::EnvironmentSpec& spec() const override { return spec_; }
  uint32_t horizon() const override { return lanes_->found().spec.horizon(); }
  size_t max_lanes() const override { return trials_.size(); }
  absl::Status status() const override { return status_; }
  void Interrupt() override { lanes_->Interrupt(); }
  void Reset(const env::BatchKey& key, View2 observation) override;
  void Step(ConstView2 raw_action, const env::StepResult& result) override;
  double Measure(size_t measure, size_t lane) const override;
  void ReadTask(size_t lane, std::span<float> out) const override {}
  void ReadState(size_t lane, std::span<float> out) const override {}

 private:
  // Returns of one lane's trials.
  struct Trials {
    double ended = 0;
    double first = 0;
    double last = 0;
    double now = 0;  // so far, of the one that goes on
  };

  // The rows of the task's own numbers.
  View2 Own(View2 observation) const;

  const std::unique_ptr<TaskLanes> lanes_;
  const env::EnvironmentSpec spec_;
  absl::Status status_;
  std::vector<float> trial_end_;  // [lane]
  std::vector<Trials> trials_;    // [lane]
};

// What the rest of the program knows of the task.
env::EnvironmentSpec EnvironmentSpecOf(const FoundTask& found);

// Actions as the task gets them, of what a policy sampled [action width, lane]: a = offset + scale * u within the
// bounds of a box; indices of choices as they are.
void ToTask(const v1::ActionSpace& space, ConstView2 raw_action, View2 action);

}  // namespace nmn::bridge
