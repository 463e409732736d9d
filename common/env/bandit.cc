#include "common/env/bandit.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/env/batch_base.h"
#include "common/rng/batch.h"
#include "common/rng/philox.h"

namespace nmn::env {
namespace {

constexpr uint32_t kDefaultHorizon = 100;
constexpr size_t kWords = 4;  // of a block of random words

class Bandit final : public BatchBase {
 public:
  Bandit(const v1::EnvironmentOptions& options, size_t max_lanes)
      : BatchBase(BanditSpec(options), options, max_lanes),
        arms_(spec().action.discrete()),
        chance_(arms_ * max_lanes),
        best_arm_(max_lanes),
        noise_(kWords * max_lanes) {}

  void ReadTask(size_t lane, std::span<float> out) const override {
    for (uint32_t arm = 0; arm < arms_; ++arm) out[arm] = Chance(arm, lane);
  }
  void ReadState(size_t, std::span<float>) const override {}

 private:
  float Chance(uint32_t arm, size_t lane) const { return chance_[arm * max_lanes() + lane]; }

  void Begin(size_t lane) override {
    best_arm_[lane] = 0;
    for (uint32_t arm = 0; arm < arms_; arm += kWords) {
      const rng::Block words = rng::Draw(Now(lane), rng::Purpose::kTask, static_cast<uint16_t>(arm / kWords));
      for (uint32_t i = arm; i < std::min<uint32_t>(arm + kWords, arms_); ++i) {
        chance_[i * max_lanes() + lane] = rng::Uniform(words[i - arm], 0, 1);
        if (Chance(i, lane) > Chance(best_arm_[lane], lane)) best_arm_[lane] = i;
      }
    }
  }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const View2 action = result.action;
    float* const reward = result.reward;
    const View2 noise(noise_.data(), kWords, max_lanes());
    if (step() % kWords == 0) {
      rng::StepUniformBlock(key().seed, key().update, key().first_episode, lanes(), step() / kWords,
                            rng::Purpose::kDynamics, 0, 1, noise);
    }
    double* best_pulls = measure(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      const uint32_t arm = ChoiceOf(raw_action(0, lane), arms_);
      action(0, lane) = static_cast<float>(arm);
      reward[lane] = noise(step() % kWords, lane) < Chance(arm, lane) ? 1 : 0;
      best_pulls[lane] += arm == best_arm_[lane] ? 1 : 0;
    }
  }

  void Observe(View2 observation) const override {
    const float left = static_cast<float>(horizon() - step()) / static_cast<float>(horizon());
    std::fill_n(observation.row(0), lanes(), left);
  }

  const uint32_t arms_;
  std::vector<float> chance_;       // [arm, lane]
  std::vector<uint32_t> best_arm_;  // [lane]
  std::vector<float> noise_;        // [4, lane] of the steps 4 b .. 4 b + 3
};

}  // namespace

EnvironmentSpec BanditSpec(const v1::EnvironmentOptions& options) {
  const uint32_t arms = options.arms() == 0 ? kDefaultArms : std::min(options.arms(), kMostArms);
  const double horizon = options.horizon() == 0 ? kDefaultHorizon : options.horizon();
  // The mean of the largest of n numbers of U[0, 1].
  const double best = static_cast<double>(arms) / (arms + 1);
  EnvironmentSpec spec = {
      .name = "bandit",
      .title = "Bernoulli bandit",
      .observation_size = 1,
      .action = {},
      .default_horizon = kDefaultHorizon,
      .measures = {"best_pulls"},
      .task_variables = {},
      .state_variables = {},
      .oracle_return = best * horizon,
      .oracle_discounted = best * (1 - std::pow(kReportedDiscount, horizon)) / (1 - kReportedDiscount),
      .random_return = horizon / 2,
      .has_arms = true,
  };
  spec.action.set_discrete(arms);
  for (uint32_t arm = 0; arm < arms; ++arm) spec.task_variables.push_back(absl::StrCat("p", arm));
  return spec;
}

std::unique_ptr<BatchedEnvironment> MakeBandit(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<Bandit>(options, max_lanes);
}

}  // namespace nmn::env
