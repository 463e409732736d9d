// The bandit: what is known of such problems, from chance to the optimum.
#include "common/env/bandit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/scripted/bandit_tables.h"
#include "cli/scripted/noise.h"
#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

struct Arm {
  uint32_t rewards = 0;
  uint32_t pulls = 0;
};

uint32_t HorizonOf(const v1::EnvironmentOptions& options) {
  return options.horizon() == 0 ? env::BanditSpec(options).default_horizon : options.horizon();
}

// Pulls the arm of the largest index; of several, one by chance.
//   double Index(const Arm& arm, uint32_t t, Noise& noise)
template <class Index>
class ByIndex final : public ScriptedPolicy {
 public:
  ByIndex(const v1::EnvironmentOptions& options, size_t max_lanes, Index index)
      : arms_(env::BanditSpec(options).action.discrete()), index_(std::move(index)), known_(arms_ * max_lanes) {}

  void Reset(const env::BatchKey& key, size_t) override {
    key_ = key;
    std::fill(known_.begin(), known_.end(), Arm());
  }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2 previous_action,
           const float* previous_reward, View2 raw_action) override {
    for (uint32_t lane = 0; lane < observation.columns; ++lane) {
      Arm* arms = &known_[lane * arms_];
      if (t > 0) {
        Arm& pulled = arms[static_cast<uint32_t>(previous_action(0, lane))];
        ++pulled.pulls;
        pulled.rewards += previous_reward[lane] > 0 ? 1 : 0;
      }
      Noise noise({key_.seed, key_.update, key_.first_episode + lane, t});
      double largest = -std::numeric_limits<double>::infinity();
      uint32_t best = 0, ties = 0;
      for (uint32_t arm = 0; arm < arms_; ++arm) {
        const double index = index_(arms[arm], t, noise);
        if (index < largest) continue;
        ties = index > largest ? 1 : ties + 1;
        largest = index;
        if (ties == 1 || noise.Uniform() * ties < 1) best = arm;
      }
      raw_action(0, lane) = static_cast<float>(best);
    }
  }

 private:
  const uint32_t arms_;
  const Index index_;
  env::BatchKey key_;
  std::vector<Arm> known_;  // [lane, arm]
};

template <class Index>
std::unique_ptr<ScriptedPolicy> MakeByIndex(const v1::EnvironmentOptions& options, size_t max_lanes, Index index) {
  return std::make_unique<ByIndex<Index>>(options, max_lanes, std::move(index));
}

class Optimal final : public ScriptedPolicy {
 public:
  Optimal(uint32_t pulls, size_t max_lanes) : optimum_(pulls), known_(max_lanes) {}

  void Reset(const env::BatchKey& key, size_t) override {
    key_ = key;
    std::fill(known_.begin(), known_.end(), std::array<Arm, 2>());
  }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2 previous_action,
           const float* previous_reward, View2 raw_action) override {
    for (uint32_t lane = 0; lane < observation.columns; ++lane) {
      std::array<Arm, 2>& arms = known_[lane];
      if (t > 0) {
        Arm& pulled = arms[static_cast<uint32_t>(previous_action(0, lane))];
        ++pulled.pulls;
        pulled.rewards += previous_reward[lane] > 0 ? 1 : 0;
      }
      const auto best = optimum_.At(arms[0].rewards, arms[0].pulls, arms[1].rewards, arms[1].pulls);
      Noise noise({key_.seed, key_.update, key_.first_episode + lane, t});
      const bool second =
          best == TwoArmOptimum::Best::kEither ? noise.Uniform() < 0.5 : best == TwoArmOptimum::Best::kSecond;
      raw_action(0, lane) = second ? 1 : 0;
    }
  }

 private:
  const TwoArmOptimum optimum_;
  env::BatchKey key_;
  std::vector<std::array<Arm, 2>> known_;  // [lane]
};

class Oracle final : public ScriptedPolicy {
 public:
  explicit Oracle(const v1::EnvironmentOptions& options) : chances_(env::BanditSpec(options).action.discrete()) {}

  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      environment.ReadTask(lane, chances_);
      raw_action(0, lane) = static_cast<float>(std::max_element(chances_.begin(), chances_.end()) - chances_.begin());
    }
  }

 private:
  std::vector<float> chances_;
};

constexpr double kUcbFactor = 0.2;

absl::Status TooLong(const char* rule, uint32_t horizon, uint32_t most) {
  return absl::InvalidArgumentError(
      absl::StrCat("env.horizon is ", horizon, "; ", rule, " plays at most ", most, ", because its tables grow fast"));
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeGreedy(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return MakeByIndex(options, max_lanes,
                     [](const Arm& arm, uint32_t, Noise&) { return (arm.rewards + 1.0) / (arm.pulls + 2.0); });
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeThompson(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return MakeByIndex(options, max_lanes, [](const Arm& arm, uint32_t, Noise& noise) {
    return noise.Beta(arm.rewards + 1.0, arm.pulls - arm.rewards + 1.0);
  });
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeUcb1(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return MakeByIndex(options, max_lanes, [](const Arm& arm, uint32_t t, Noise&) {
    if (arm.pulls == 0) return std::numeric_limits<double>::infinity();
    return static_cast<double>(arm.rewards) / arm.pulls + kUcbFactor * std::sqrt(2 * std::log(t) / arm.pulls);
  });
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeGittins(const v1::EnvironmentOptions& options, size_t max_lanes) {
  const uint32_t horizon = HorizonOf(options);
  if (horizon > GittinsIndices::kMostPulls) return TooLong("gittins", horizon, GittinsIndices::kMostPulls);
  const auto indices = std::make_shared<const GittinsIndices>(horizon);
  return MakeByIndex(options, max_lanes, [indices, horizon](const Arm& arm, uint32_t t, Noise&) {
    return static_cast<double>(indices->At(arm.rewards, arm.pulls, horizon - t));
  });
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeOptimal(const v1::EnvironmentOptions& options, size_t max_lanes) {
  const uint32_t arms = env::BanditSpec(options).action.discrete(), horizon = HorizonOf(options);
  if (arms != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("env.arms is ", arms, "; optimal plays 2, because what can be known grows too fast with more"));
  }
  if (horizon > TwoArmOptimum::kMostPulls) return TooLong("optimal", horizon, TwoArmOptimum::kMostPulls);
  return std::make_unique<Optimal>(horizon, max_lanes);
}

}  // namespace

TaskRules BanditRules() {
  return {.task = env::BanditSpec({}).name,
          .rules = {{"greedy", MakeGreedy},
                    {"thompson", MakeThompson},
                    {"ucb1", MakeUcb1},
                    {"gittins", MakeGittins},
                    {"optimal", MakeOptimal},
                    {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
