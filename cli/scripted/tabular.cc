// The random decision process: rules that learn it from one trial to the next, and one that knows it.
#include "common/env/tabular.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "cli/scripted/noise.h"
#include "cli/scripted/policies.h"
#include "cli/scripted/tabular_planning.h"

namespace nmn::scripted {
namespace {

uint32_t StateOf(ConstView2 observation, size_t lane) {
  for (uint32_t state = 0; state < env::kTabularStates; ++state) {
    if (observation(state, lane) == 1) return state;
  }
  return 0;
}

// What was seen of a process. Before anything is, a mean reward is N(1, 1) and the chances of the next state are
// Dirichlet(1, .., 1), as the task draws them; rewards have variance 1. A trial's last step shows no next state.
struct Seen {
  std::array<double, env::kTabularPairs> rewards = {}, times = {};
  std::array<std::array<double, env::kTabularStates>, env::kTabularPairs> next = {};

  double Mean(uint32_t pair) const { return (1 + rewards[pair]) / (1 + times[pair]); }
};

Process Expected(const Seen& seen) {
  Process process;
  for (uint32_t pair = 0; pair < env::kTabularPairs; ++pair) {
    process.mean[pair] = seen.Mean(pair);
    double sum = 0;
    for (const double times : seen.next[pair]) sum += 1 + times;
    for (uint32_t k = 0; k < env::kTabularStates; ++k) process.next[pair][k] = (1 + seen.next[pair][k]) / sum;
  }
  return process;
}

// A process as likely as what was seen makes it.
Process Drawn(const Seen& seen, Noise& noise) {
  Process process;
  for (uint32_t pair = 0; pair < env::kTabularPairs; ++pair) {
    process.mean[pair] = seen.Mean(pair) + noise.Normal() / std::sqrt(1 + seen.times[pair]);
    double sum = 0;
    for (uint32_t k = 0; k < env::kTabularStates; ++k)
      sum += process.next[pair][k] = noise.Gamma(1 + seen.next[pair][k]);
    for (double& chance : process.next[pair]) chance /= sum;
  }
  return process;
}

enum class Replan { kEachTrial, kEachStep };

// `left` counts the episode's steps from this one on.
//   Plan MakePlan(const Seen& seen, uint32_t left, Noise& noise)
template <class MakePlan>
class ByPlan final : public ScriptedPolicy {
 public:
  // `chance` of an action by chance in place of the plan's.
  ByPlan(size_t max_lanes, Replan replan, double chance, MakePlan make_plan)
      : replan_(replan), chance_(chance), make_plan_(std::move(make_plan)), lanes_(max_lanes) {}

  void Reset(const env::BatchKey& key, size_t lanes) override {
    key_ = key;
    std::fill_n(lanes_.begin(), lanes, Lane());
  }

  void Act(const env::BatchedEnvironment& environment, uint32_t t, ConstView2 observation, ConstView2 previous_action,
           const float* previous_reward, View2 raw_action) override {
    const uint32_t place = t % env::kTabularTrial;
    for (uint32_t i = 0; i < observation.columns; ++i) {
      Lane& lane = lanes_[i];
      const uint32_t state = StateOf(observation, i);
      if (t > 0) {
        const uint32_t pair = lane.state * env::kTabularActions + static_cast<uint32_t>(previous_action(0, i));
        lane.seen.rewards[pair] += previous_reward[i];
        ++lane.seen.times[pair];
        if (place != 0) ++lane.seen.next[pair][state];
      }
      Noise noise({key_.seed, key_.update, key_.first_episode + i, t});
      if (place == 0 || replan_ == Replan::kEachStep) {
        lane.plan = make_plan_(lane.seen, environment.horizon() - t, noise);
      }
      uint32_t action = lane.plan.action[env::kTabularTrial - 1 - place][state];
      if (chance_ > 0 && noise.Uniform() < chance_)
        action = static_cast<uint32_t>(noise.Uniform() * env::kTabularActions);
      raw_action(0, i) = static_cast<float>(action);
      lane.state = state;
    }
  }

 private:
  struct Lane {
    Seen seen;
    Plan plan;
    uint32_t state = 0;  // at the last action
  };

  const Replan replan_;
  const double chance_;
  const MakePlan make_plan_;
  env::BatchKey key_;
  std::vector<Lane> lanes_;
};

template <class MakePlan>
std::unique_ptr<ScriptedPolicy> MakeByPlan(size_t max_lanes, Replan replan, double chance, MakePlan make_plan) {
  return std::make_unique<ByPlan<MakePlan>>(max_lanes, replan, chance, std::move(make_plan));
}

class Oracle final : public ScriptedPolicy {
 public:
  Oracle(const v1::EnvironmentOptions&, size_t max_lanes) : plans_(max_lanes) {}

  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      if (t == 0) plans_[lane] = PlanTrial(Known(environment, lane));
      const uint32_t left = env::kTabularTrial - 1 - t % env::kTabularTrial;
      raw_action(0, lane) = static_cast<float>(plans_[lane].action[left][StateOf(observation, lane)]);
    }
  }

 private:
  static Process Known(const env::BatchedEnvironment& environment, size_t lane) {
    std::array<float, env::kTabularPairs*(1 + env::kTabularCuts)> task;
    environment.ReadTask(lane, task);
    Process process;
    for (uint32_t pair = 0; pair < env::kTabularPairs; ++pair) {
      process.mean[pair] = task[pair];
      double below = 0;
      for (uint32_t k = 0; k < env::kTabularStates; ++k) {
        const double up_to = k < env::kTabularCuts ? task[env::kTabularPairs + pair * env::kTabularCuts + k] : 1;
        process.next[pair][k] = up_to - below;
        below = up_to;
      }
    }
    return process;
  }

  std::vector<Plan> plans_;  // [lane]
};

constexpr double kEpsilon = 0.1;
constexpr size_t kOptimisticDraws = 5;
constexpr double kUcbDeviations = 0.15;  // standard deviations of the mean reward, for each root of a later step

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeEpsilonGreedy(const v1::EnvironmentOptions&, size_t max_lanes) {
  return MakeByPlan(max_lanes, Replan::kEachTrial, kEpsilon,
                    [](const Seen& seen, uint32_t, Noise&) { return PlanTrial(Expected(seen)); });
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakePsrl(const v1::EnvironmentOptions&, size_t max_lanes) {
  return MakeByPlan(max_lanes, Replan::kEachTrial, 0,
                    [](const Seen& seen, uint32_t, Noise& noise) { return PlanTrial(Drawn(seen, noise)); });
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeOptimisticPsrl(const v1::EnvironmentOptions&, size_t max_lanes) {
  return MakeByPlan(max_lanes, Replan::kEachTrial, 0, [](const Seen& seen, uint32_t, Noise& noise) {
    std::vector<Process> drawn;
    for (size_t i = 0; i < kOptimisticDraws; ++i) drawn.push_back(Drawn(seen, noise));
    return PlanTrial(drawn.data(), drawn.size());
  });
}

// What is learnt is worth the more, the more steps come after this trial: nothing in the last.
absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeBayesUcb(const v1::EnvironmentOptions&, size_t max_lanes) {
  return MakeByPlan(max_lanes, Replan::kEachStep, 0, [](const Seen& seen, uint32_t left, Noise&) {
    const double later = left <= env::kTabularTrial ? 0 : left - env::kTabularTrial;
    Process process = Expected(seen);
    for (uint32_t pair = 0; pair < env::kTabularPairs; ++pair)
      process.mean[pair] += kUcbDeviations * std::sqrt(later / (1 + seen.times[pair]));
    return PlanTrial(process);
  });
}

}  // namespace

TaskRules TabularRules() {
  return {.task = env::TabularSpec().name,
          .rules = {{"epsilon-greedy", MakeEpsilonGreedy},
                    {"psrl", MakePsrl},
                    {"optimistic-psrl", MakeOptimisticPsrl},
                    {"bayes-ucb", MakeBayesUcb},
                    {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
