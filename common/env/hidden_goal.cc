#include "common/env/hidden_goal.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "common/env/batch_base.h"
#include "common/rng/batch.h"

namespace nmn::env {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

class HiddenGoal final : public BatchBase {
 public:
  HiddenGoal(const v1::EnvironmentOptions& options, size_t max_lanes)
      : BatchBase(HiddenGoalSpec(), options, max_lanes),
        angle_(max_lanes),
        goal_x_(max_lanes),
        goal_y_(max_lanes),
        x_(max_lanes),
        y_(max_lanes) {}

  void ReadTask(size_t lane, std::span<float> out) const override {
    out[0] = goal_x_[lane];
    out[1] = goal_y_[lane];
  }
  void ReadState(size_t lane, std::span<float> out) const override {
    out[0] = x_[lane];
    out[1] = y_[lane];
  }

 private:
  void Begin(size_t lane) override {
    angle_[lane] = rng::Uniform(rng::Draw(Now(lane), rng::Purpose::kTask)[0], -kPi, kPi);
    rng::SinCos(&angle_[lane], 1, &goal_y_[lane], &goal_x_[lane]);
    x_[lane] = y_[lane] = 0;
  }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const bool ends = (step() + 1) % kGoalTrial == 0;
    double* near = measure(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      for (size_t i = 0; i < 2; ++i)
        result.action(i, lane) = std::clamp(kGoalStep * raw_action(i, lane), -kGoalStep, kGoalStep);
      x_[lane] += result.action(0, lane);
      y_[lane] += result.action(1, lane);
      const float dx = goal_x_[lane] - x_[lane], dy = goal_y_[lane] - y_[lane];
      const float reward = std::max(0.0f, 1 - std::sqrt(dx * dx + dy * dy) / kGoalNear);
      result.reward[lane] = reward;
      near[lane] += reward > 0 ? 1 : 0;
    }
    EndTrials(ends, result);
    if (!ends) return;
    std::fill(x_.begin(), x_.end(), 0.0f);
    std::fill(y_.begin(), y_.end(), 0.0f);
  }

  void Observe(View2 observation) const override {
    std::copy_n(x_.begin(), lanes(), observation.row(0));
    std::copy_n(y_.begin(), lanes(), observation.row(1));
  }

  std::vector<float> angle_;            // [lane] of the goal
  std::vector<float> goal_x_, goal_y_;  // [lane]
  std::vector<float> x_, y_;            // [lane]
};

}  // namespace

EnvironmentSpec HiddenGoalSpec() {
  return {.name = "hidden-goal",
          .title = "hidden goal",
          .observation_size = 2,
          .action = Numbers(2, -kGoalStep, kGoalStep, kGoalStep, v1::BoxSpace::CLIP),
          .default_horizon = 5 * kGoalTrial,
          .has_trials = true,
          .measures = {"steps_near"},
          .task_variables = {"goal_x", "goal_y"},
          .state_variables = {"x", "y"},
          .oracle_return = 91.34,  // section 5.3
          .oracle_discounted = 82.72,
          .oracle_horizon = 100,
          .random_return = 2.3};
}

std::unique_ptr<BatchedEnvironment> MakeHiddenGoal(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<HiddenGoal>(options, max_lanes);
}

}  // namespace nmn::env
