#include "common/env/tabular.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/env/batch_base.h"
#include "common/rng/batch.h"

namespace nmn::env {
namespace {

constexpr size_t kWords = 4;  // of a block of random words
constexpr float kMeanOfMeans = 1;
// Blocks of kTask: the means take the first, two normals from two words; the cuts follow.
constexpr uint32_t kBlocksOfMeans = (kTabularPairs + kWords - 1) / kWords;
constexpr uint16_t kRewardDraw = 1;  // of kDynamics; next states take draw 0

class Tabular final : public BatchBase {
 public:
  Tabular(const v1::EnvironmentOptions& options, size_t max_lanes)
      : BatchBase(TabularSpec(), options, max_lanes),
        mean_(kTabularPairs * max_lanes),
        cuts_(kTabularPairs * kTabularCuts * max_lanes),
        state_(max_lanes),
        chance_(kWords * max_lanes),
        noise_(kWords * max_lanes) {}

  void ReadTask(size_t lane, std::span<float> out) const override {
    std::copy_n(mean_.begin() + static_cast<ptrdiff_t>(lane * kTabularPairs), kTabularPairs, out.begin());
    std::copy_n(Cuts(lane, 0), kTabularPairs * kTabularCuts, out.begin() + kTabularPairs);
  }
  void ReadState(size_t lane, std::span<float> out) const override { out[0] = static_cast<float>(state_[lane]); }

 private:
  const float* Cuts(size_t lane, uint32_t pair) const { return &cuts_[(lane * kTabularPairs + pair) * kTabularCuts]; }

  void Begin(size_t lane) override {
    float* mean = &mean_[lane * kTabularPairs];
    for (uint32_t pair = 0; pair < kTabularPairs; pair += kWords) {
      const rng::Block words = rng::Draw(Now(lane), rng::Purpose::kTask, static_cast<uint16_t>(pair / kWords));
      const std::array<float, 2> first = rng::NormalPair(words[0], words[1]);
      const std::array<float, 2> second = rng::NormalPair(words[2], words[3]);
      const float normals[] = {first[0], first[1], second[0], second[1]};
      for (uint32_t i = 0; i < kWords && pair + i < kTabularPairs; ++i) mean[pair + i] = kMeanOfMeans + normals[i];
    }
    // Sorted uniform numbers cut [0, 1] into parts that are Dirichlet(1, .., 1).
    float* cuts = &cuts_[lane * kTabularPairs * kTabularCuts];
    for (uint32_t i = 0; i < kTabularPairs * kTabularCuts; i += kWords) {
      const rng::Block words =
          rng::Draw(Now(lane), rng::Purpose::kTask, static_cast<uint16_t>(kBlocksOfMeans + i / kWords));
      for (uint32_t k = 0; k < kWords && i + k < kTabularPairs * kTabularCuts; ++k)
        cuts[i + k] = rng::UnitUniform(words[k]);
    }
    for (uint32_t pair = 0; pair < kTabularPairs; ++pair, cuts += kTabularCuts) std::sort(cuts, cuts + kTabularCuts);
    state_[lane] = 0;
  }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const View2 chance(chance_.data(), kWords, max_lanes()), noise(noise_.data(), kWords, max_lanes());
    if (step() % kWords == 0) {
      const uint32_t block = step() / kWords;
      rng::StepUniformBlock(key().seed, key().update, key().first_episode, lanes(), block, rng::Purpose::kDynamics, 0,
                            1, chance);
      rng::StepNormalBlock(key().seed, key().update, key().first_episode, lanes(), block, rng::Purpose::kDynamics,
                           noise, kRewardDraw);
    }
    const bool ends = (step() + 1) % kTabularTrial == 0;
    double* means = measure(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      const uint32_t action = ChoiceOf(raw_action(0, lane), kTabularActions);
      const uint32_t pair = state_[lane] * kTabularActions + action;
      const float mean = mean_[lane * kTabularPairs + pair];
      result.action(0, lane) = static_cast<float>(action);
      result.reward[lane] = mean + noise(step() % kWords, lane);
      means[lane] += mean;
      const float* cuts = Cuts(lane, pair);
      state_[lane] =
          static_cast<uint32_t>(std::upper_bound(cuts, cuts + kTabularCuts, chance(step() % kWords, lane)) - cuts);
    }
    EndTrials(ends, result);
    if (ends) std::fill(state_.begin(), state_.end(), 0);
  }

  void Observe(View2 observation) const override {
    for (size_t i = 0; i < kTabularStates; ++i) {
      float* row = observation.row(i);
      for (size_t lane = 0; lane < lanes(); ++lane) row[lane] = state_[lane] == i ? 1 : 0;
    }
  }

  std::vector<float> mean_;            // [lane, pair]
  std::vector<float> cuts_;            // [lane, pair, cut] ascending
  std::vector<uint32_t> state_;        // [lane]
  std::vector<float> chance_, noise_;  // [4, lane] of the steps 4 b .. 4 b + 3
};

}  // namespace

EnvironmentSpec TabularSpec() {
  EnvironmentSpec spec = {.name = "tabular",
                          .title = "random MDP",
                          .observation_size = kTabularStates,
                          .action = {},
                          .default_horizon = 10 * kTabularTrial,
                          .has_trials = true,
                          .measures = {"mean_reward_sum"},
                          .task_variables = {},
                          .state_variables = {"state"},
                          .oracle_return = 218.5,  // section 5.4
                          .oracle_discounted = 198.0,
                          .oracle_horizon = 100,
                          .random_return = 100};
  spec.action.set_discrete(kTabularActions);
  for (uint32_t state = 0; state < kTabularStates; ++state) {
    for (uint32_t action = 0; action < kTabularActions; ++action)
      spec.task_variables.push_back(absl::StrCat("mean", state, "_", action));
  }
  for (uint32_t state = 0; state < kTabularStates; ++state) {
    for (uint32_t action = 0; action < kTabularActions; ++action) {
      for (uint32_t cut = 0; cut < kTabularCuts; ++cut)
        spec.task_variables.push_back(absl::StrCat("below", state, "_", action, "_", cut));
    }
  }
  return spec;
}

std::unique_ptr<BatchedEnvironment> MakeTabular(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<Tabular>(options, max_lanes);
}

}  // namespace nmn::env
