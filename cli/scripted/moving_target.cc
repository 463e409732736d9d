// Benchmark 1: without memory, adaptive, oracle.
#include "common/env/moving_target.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

constexpr float kActionScale = 5;  // a = 5 u
constexpr float kHitReward = 10;
constexpr float kLeastReward = -20;  // domain reference: a reward there says no distance
constexpr float kAlphaRange = 10;
constexpr float kTargetRange = 15;    // domain paper
constexpr float kNearlyOne = 0.999f;  // a hit is nearer than 1
constexpr float kRounding = 1e-3f;    // of distances got from rewards

class Memoryless final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment&, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) raw_action(0, lane) = observation(0, lane) / kActionScale;
  }
};

class Oracle final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      std::array<float, 2> state;  // x, p
      environment.ReadState(lane, state);
      raw_action(0, lane) = state[1] / kActionScale;
    }
  }
};

// The best there is if tasks do not switch (docs/specification.md section 4.1). The first action is a guess; a hit
// settles alpha well enough for good. A miss tells the distance d, so the target is a - d or a + d: where the prior
// leaves both, guess one, shifted by just under 1 toward the other, which the next reward settles. A miss after that
// says that the task has switched: its distance is used like a first one.
class Adaptive final : public ScriptedPolicy {
 public:
  Adaptive(const v1::EnvironmentOptions& options, size_t max_lanes)
      : paper_(options.domain() == v1::DOMAIN_PAPER), belief_(max_lanes) {}

  void Reset(const env::BatchKey&, size_t lanes) override { std::fill_n(belief_.begin(), lanes, Belief()); }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2 previous_action,
           const float* previous_reward, View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      Belief& belief = belief_[lane];
      if (t > 0) Learn(previous_action(0, lane), previous_reward[lane], belief);
      belief.x = observation(0, lane);
      raw_action(0, lane) = Aim(belief) / kActionScale;
    }
  }

 private:
  enum class Phase { kNothing, kTwoCandidates, kKnown };
  struct Belief {
    Phase phase = Phase::kNothing;
    float alpha = 0;  // guessed, or known
    float other = 0;  // the other candidate
    float x = 0;      // displayed at the last action
  };

  float TargetOf(float x, float alpha) const { return paper_ ? x - alpha : x + alpha; }
  float AlphaOf(float x, float target) const { return paper_ ? x - target : target - x; }

  // Where the target of a displayed x can be, before anything is known of alpha: the posterior is uniform on [low,
  // high].
  std::array<float, 2> Prior(float x) const {
    const std::array<float, 2> range = {x - kAlphaRange, x + kAlphaRange};
    if (!paper_) return range;
    return {std::max(range[0], -kTargetRange), std::min(range[1], kTargetRange)};
  }

  float Aim(const Belief& belief) const {
    if (belief.phase == Phase::kNothing) return FirstGuess(belief.x);
    const float target = TargetOf(belief.x, belief.alpha);
    if (belief.phase == Phase::kKnown) return target;
    return target + std::copysign(kNearlyOne, TargetOf(belief.x, belief.other) - target);
  }

  // With the target uniform on m -+ h, acting at m + b loses, against an oracle and times 2 h,
  //   10 (2 h - 2) + ((h + b)^2 - 1) / 2 + ((h - b)^2 - 1) / 2     the first miss
  //   + 9 (h - b - 1) + (h - b)^2 - 1                              the wrong one of two candidates, 10 + 2 d - 1 each
  // whose least value is at b = (2 h + 9) / 4; beyond b = h - 1 there are no two candidates and nothing to gain.
  float FirstGuess(float x) const {
    const auto [low, high] = Prior(x);
    const float half = (high - low) / 2;
    const float offset = std::max(0.0f, std::min((2 * half + 9) / 4, half - kNearlyOne));
    return (low + high) / 2 + offset;
  }

  void Learn(float action, float reward, Belief& belief) const {
    if (reward == kHitReward) {
      if (belief.phase == Phase::kNothing) belief.alpha = AlphaOf(belief.x, action);
      belief.phase = Phase::kKnown;
      return;
    }
    const float distance = -reward;
    if (belief.phase == Phase::kTwoCandidates &&
        std::abs(std::abs(action - TargetOf(belief.x, belief.other)) - distance) < kRounding) {
      belief.phase = Phase::kKnown;
      belief.alpha = belief.other;
      return;
    }
    belief.phase = Phase::kNothing;
    if (!paper_ && reward <= kLeastReward) return;
    const auto [low, high] = Prior(belief.x);
    for (const float target : {action - distance, action + distance}) {
      if (target < low - kRounding || target > high + kRounding) continue;
      belief.other = belief.alpha;
      belief.alpha = AlphaOf(belief.x, target);
      belief.phase = belief.phase == Phase::kNothing ? Phase::kKnown : Phase::kTwoCandidates;
    }
  }

  const bool paper_;
  std::vector<Belief> belief_;  // [lane]
};

}  // namespace

TaskRules MovingTargetRules() {
  return {.task = env::MovingTargetSpec().name,
          .rules = {{"zero", MakeZero},
                    {"untrained", MakeUntrained},
                    {"memoryless", Make<Memoryless>},
                    {"adaptive", Make<Adaptive>},
                    {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
