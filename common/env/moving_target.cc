#include "common/env/moving_target.h"

#include <algorithm>
#include <cmath>

#include "common/env/switching_batch.h"

namespace nmn::env {
namespace {

constexpr float kAlphaRange = 10;     // alpha ~ U[-10, 10]
constexpr float kDisplayedRange = 5;  // domain reference: x ~ U[-5, 5]
constexpr float kTargetRange = 15;    // domain paper: p ~ U[-15, 15]
constexpr float kActionScale = 5;     // a = clip(5 u, -20, 20)
constexpr float kActionLimit = 20;
constexpr float kHitDistance = 1;  // strictly nearer
constexpr float kHitReward = 10;
constexpr float kLeastReward = -20;  // domain reference

class MovingTarget final : public SwitchingBatch {
 public:
  MovingTarget(const v1::EnvironmentOptions& options, size_t max_lanes)
      : SwitchingBatch(MovingTargetSpec(), options, max_lanes),
        paper_(options.domain() == v1::DOMAIN_PAPER),
        least_reward_(paper_ ? -INFINITY : kLeastReward),
        displayed_(max_lanes),
        target_(max_lanes) {}

  void ReadTask(size_t lane, std::span<float> out) const override { out[0] = task(lane); }
  void ReadState(size_t lane, std::span<float> out) const override {
    out[0] = displayed_[lane];
    out[1] = target_[lane];
  }

 private:
  float DrawTask(uint32_t word) const override { return rng::Uniform(word, -kAlphaRange, kAlphaRange); }

  void Start(size_t lane) override {
    const uint32_t word = rng::Draw(Now(lane), rng::Purpose::kPosition)[0];
    if (paper_) {
      target_[lane] = rng::Uniform(word, -kTargetRange, kTargetRange);
    } else {
      displayed_[lane] = rng::Uniform(word, -kDisplayedRange, kDisplayedRange);
    }
    TaskMoved(lane);
  }

  void TaskMoved(size_t lane) override {
    if (paper_) {
      displayed_[lane] = target_[lane] + task(lane);
    } else {
      target_[lane] = displayed_[lane] + task(lane);
    }
  }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const View2 action = result.action;
    float* const reward = result.reward;
    const float* u = raw_action.row(0);
    double* distances = measure(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      const float a = std::clamp(kActionScale * u[lane], -kActionLimit, kActionLimit);
      const float distance = std::abs(a - target_[lane]);
      action(0, lane) = a;
      distances[lane] += distance;
      reward[lane] = distance < kHitDistance ? kHitReward : std::max(-distance, least_reward_);
    }
    for (size_t lane = 0; lane < lanes(); ++lane) {
      if (reward[lane] != kHitReward) continue;
      HitTask(lane);
      Start(lane);
    }
  }

  void Observe(View2 observation) const override { std::copy_n(displayed_.begin(), lanes(), observation.row(0)); }

  const bool paper_;
  const float least_reward_;
  std::vector<float> displayed_;  // x [lane]
  std::vector<float> target_;     // p [lane]
};

}  // namespace

EnvironmentSpec MovingTargetSpec() {
  return {.name = "b1",
          .title = "moving target",
          .observation_size = 1,
          .action = Numbers(1, -kActionLimit, kActionLimit, kActionScale, v1::BoxSpace::CLIP),
          .default_horizon = 1400,
          .measures = {"distance"},  // sum of |a - p|
          .task_variables = {"alpha"},
          .state_variables = {"x", "p"},
          .oracle_return = 14000,
          .oracle_discounted = 4696.8,
          .oracle_horizon = 1400,
          .milestones = {3000, 4000, 4534, 4600, 4650},
          .is_benchmark = true,
          .has_paper_domain = true,
          .has_switches = true,
          .least_task = -10,
          .largest_task = 10,
          .legal_tasks = "in [-10, 10] (alpha)"};
}

std::unique_ptr<BatchedEnvironment> MakeMovingTarget(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<MovingTarget>(options, max_lanes);
}

}  // namespace nmn::env
