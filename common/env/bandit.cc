#include "common/env/bandit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/env/busy_wait.h"
#include "common/rng/batch.h"
#include "common/rng/philox.h"

namespace nmn::env {
namespace {

constexpr uint32_t kDefaultHorizon = 100;
constexpr size_t kWords = 4;  // of a block of random words

class Bandit final : public BatchedEnvironment {
 public:
  Bandit(const v1::EnvironmentOptions& options, size_t max_lanes)
      : spec_(BanditSpec(options)),
        arms_(spec_.action.discrete()),
        horizon_(options.horizon() == 0 ? spec_.default_horizon : options.horizon()),
        step_cost_us_(options.step_cost_us()),
        max_lanes_(max_lanes),
        chance_(arms_ * max_lanes),
        best_arm_(max_lanes),
        best_pulls_(max_lanes),
        noise_(kWords * max_lanes) {}

  const EnvironmentSpec& spec() const override { return spec_; }
  uint32_t horizon() const override { return horizon_; }
  size_t max_lanes() const override { return max_lanes_; }

  void Reset(const BatchKey& key, View2 observation) override {
    assert(observation.columns <= max_lanes_ && observation.rows == spec_.observation_size);
    key_ = key;
    lanes_ = observation.columns;
    step_ = 0;
    std::fill(best_pulls_.begin(), best_pulls_.end(), 0.0);
    for (size_t lane = 0; lane < lanes_; ++lane) DrawTask(lane);
    Observe(observation);
  }

  void Step(ConstView2 raw_action, View2 action, float* reward, View2 observation) override {
    assert(step_ < horizon_ && raw_action.columns == lanes_ && observation.columns == lanes_);
    const View2 noise(noise_.data(), kWords, max_lanes_);
    if (step_ % kWords == 0) {
      rng::StepUniformBlock(key_.seed, key_.update, key_.first_episode, lanes_, step_ / kWords, rng::Purpose::kDynamics,
                            0, 1, noise);
    }
    for (size_t lane = 0; lane < lanes_; ++lane) {
      const auto arm = static_cast<uint32_t>(raw_action(0, lane));
      assert(arm < arms_);
      action(0, lane) = raw_action(0, lane);
      reward[lane] = noise(step_ % kWords, lane) < Chance(arm, lane) ? 1 : 0;
      best_pulls_[lane] += arm == best_arm_[lane] ? 1 : 0;
    }
    ++step_;
    Observe(observation);
    BusyWait(step_cost_us_ * static_cast<double>(lanes_));
  }

  double Measure(size_t, size_t lane) const override { return best_pulls_[lane]; }

  void ReadTask(size_t lane, std::span<float> out) const override {
    for (uint32_t arm = 0; arm < arms_; ++arm) out[arm] = Chance(arm, lane);
  }
  void ReadState(size_t, std::span<float>) const override {}

 private:
  float Chance(uint32_t arm, size_t lane) const { return chance_[arm * max_lanes_ + lane]; }

  void DrawTask(size_t lane) {
    const rng::StreamPosition at = {key_.seed, key_.update, key_.first_episode + static_cast<uint32_t>(lane), 0};
    best_arm_[lane] = 0;
    for (uint32_t arm = 0; arm < arms_; arm += kWords) {
      const rng::Block words = rng::Draw(at, rng::Purpose::kTask, static_cast<uint16_t>(arm / kWords));
      for (uint32_t i = arm; i < std::min<uint32_t>(arm + kWords, arms_); ++i) {
        chance_[i * max_lanes_ + lane] = rng::Uniform(words[i - arm], 0, 1);
        if (Chance(i, lane) > Chance(best_arm_[lane], lane)) best_arm_[lane] = i;
      }
    }
  }

  void Observe(View2 observation) const {
    const float left = static_cast<float>(horizon_ - step_) / static_cast<float>(horizon_);
    std::fill_n(observation.row(0), lanes_, left);
  }

  const EnvironmentSpec spec_;
  const uint32_t arms_;
  const uint32_t horizon_;
  const double step_cost_us_;
  const size_t max_lanes_;

  BatchKey key_;
  size_t lanes_ = 0;
  uint32_t step_ = 0;
  std::vector<float> chance_;       // [arm, lane]
  std::vector<uint32_t> best_arm_;  // [lane]
  std::vector<double> best_pulls_;  // [lane]
  std::vector<float> noise_;        // [4, lane] of the steps 4 b .. 4 b + 3
};

}  // namespace

EnvironmentSpec BanditSpec(const v1::EnvironmentOptions& options) {
  const uint32_t arms = options.arms() == 0 ? kDefaultArms : options.arms();
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
