#include "cli/scripted/scripted_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/scripted/policies.h"
#include "tests/unit/cli/scripted/evaluate.h"

namespace nmn::scripted {
namespace {

TEST(MakeScriptedPolicy, AnUnknownNameIsAnsweredWithTheOnesThereAre) {
  const auto options = OptionsOf("b1");
  EXPECT_EQ(MakeScriptedPolicy("optimal", "b1", options, 1).status().message(),
            "policy is \"optimal\"; it must be one of random, zero, untrained, memoryless, adaptive, oracle, the rules "
            "of b1");
  EXPECT_EQ(
      MakeScriptedPolicy("zero", "bandit", OptionsOf("bandit"), 1).status().message(),
      "policy is \"zero\"; it must be one of random, greedy, thompson, ucb1, gittins, optimal, oracle, the rules of "
      "bandit");
  EXPECT_EQ(MakeScriptedPolicy("zero", "b4", options, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST(FindMaker, ATaskWithoutRulesPlaysNoOthers) {
  for (const std::string& policy : PolicyNames()) {
    EXPECT_EQ(FindMaker(policy, "b4").status().message(), "there is no rule \"" + policy + "\" for task b4");
  }
}

TEST(PolicyNames, EveryTaskHasRulesOfItsOwn) {
  for (const std::string& task : env::TaskNames()) {
    EXPECT_THAT(PolicyNames(task), ::testing::Contains("random")) << task;
    EXPECT_THAT(PolicyNames(), ::testing::IsSupersetOf(PolicyNames(task)));
  }
}

// Each policy of each task.
std::vector<std::tuple<std::string, std::string>> Policies() {
  std::vector<std::tuple<std::string, std::string>> policies;
  for (const std::string& task : env::TaskNames()) {
    for (const std::string& policy : PolicyNames(task)) policies.emplace_back(policy, task);
  }
  return policies;
}

class EveryPolicy : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {};
INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicy, ::testing::ValuesIn(Policies()),
                         [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

TEST_P(EveryPolicy, AnEpisodeDependsOnItselfAlone) {
  const auto& [policy, benchmark] = GetParam();
  auto options = OptionsOf(benchmark);
  const uint32_t steps = env::FindSpec(benchmark)->has_arms ? 40 : 120;  // of arms, tables grow fast
  options.set_horizon(steps);
  if (env::FindSpec(benchmark)->has_switches) options.set_switch_probability(0.2);
  const Returns batch = Play(policy, benchmark, options, 9, {.seed = 4, .first_episode = 10});
  const Returns alone = Play(policy, benchmark, options, 1, {.seed = 4, .first_episode = 16});
  EXPECT_EQ(batch.raw[6], alone.raw[0]);
  for (size_t t = 0; t < steps; ++t) ASSERT_EQ(batch.raw_actions[9 * t + 6], alone.raw_actions[t]);
}

TEST_P(EveryPolicy, AnotherSeedPlaysAnotherGame) {
  const auto& [policy, benchmark] = GetParam();
  auto options = OptionsOf(benchmark);
  options.set_horizon(env::FindSpec(benchmark)->has_arms ? 40 : 300);
  const Returns one = Play(policy, benchmark, options, 20, {.seed = 1});
  const Returns two = Play(policy, benchmark, options, 20, {.seed = 2});
  const bool draws_or_looks = policy != "zero";
  EXPECT_EQ(one.raw_actions != two.raw_actions, draws_or_looks);
}

TEST(RandomPolicy, CoversTheWholeRangeOfActions) {
  for (const auto& [benchmark, low, high] : {std::tuple{"b1", -4.0f, 4.0f}, {"b2", 0.0f, 2.0f}, {"b3", 0.0f, 2.0f}}) {
    auto options = OptionsOf(benchmark);
    options.set_horizon(100);
    const auto actions = Play("random", benchmark, options, 100).raw_actions;
    const auto [least, most] = std::minmax_element(actions.begin(), actions.end());
    EXPECT_GE(*least, low);
    EXPECT_LT(*most, high);
    EXPECT_NEAR(*least, low, 0.01);
    EXPECT_NEAR(*most, high, 0.01);
    double sum = 0;
    for (const float u : actions) sum += u;
    EXPECT_NEAR(sum / 1e4, (low + high) / 2, 4.5 * (high - low) / std::sqrt(12e4));
  }
}

// With switches the adaptive rule must find the new task, and keep the larger part of what it gets without them.
TEST(AdaptivePolicy, FollowsSwitchesOfTheTask) {
  for (const auto domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    for (const char* benchmark : {"b1", "b2", "b3"}) {
      if (domain == v1::DOMAIN_PAPER && std::string_view(benchmark) != "b1") continue;
      auto options = OptionsOf(benchmark, domain);
      options.set_horizon(1000);
      const double fixed = EstimateOf(Play("adaptive", benchmark, options, 40).raw).mean;
      for (const uint32_t step : {200u, 400u, 600u}) options.add_switch_steps(step);
      options.set_switch_probability(0.005);
      const double switched = EstimateOf(Play("adaptive", benchmark, options, 40).raw).mean;
      EXPECT_LT(switched, fixed) << benchmark;
      EXPECT_GT(switched, 0.9 * fixed) << benchmark;
    }
  }
}

}  // namespace
}  // namespace nmn::scripted
