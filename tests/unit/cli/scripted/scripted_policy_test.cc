#include "cli/scripted/scripted_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/scripted/policies.h"
#include "common/env/brought.h"
#include "tests/unit/cli/scripted/evaluate.h"

namespace nmn::scripted {
namespace {

TEST(MakeScriptedPolicy, AnUnknownNameIsAnsweredWithTheOnesThereAre) {
  const auto options = OptionsOf("b1");
  EXPECT_EQ(MakeScriptedPolicy("optimal", "b1", options, 1).status().message(),
            "policy is \"optimal\"; it must be a trained one, or one of random, zero, untrained, memoryless, adaptive, "
            "oracle, the rules "
            "of b1");
  EXPECT_EQ(MakeScriptedPolicy("zero", "bandit", OptionsOf("bandit"), 1).status().message(),
            "policy is \"zero\"; it must be a trained one, or one of random, greedy, thompson, ucb1, gittins, optimal, "
            "oracle, the rules of "
            "bandit");
  EXPECT_EQ(MakeScriptedPolicy("zero", "b4", options, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST(MakeScriptedPolicy, AMisspeltNameIsAnsweredWithTheOneThatWasMeant) {
  EXPECT_THAT(std::string(MakeScriptedPolicy("ucb", "bandit", OptionsOf("bandit"), 1).status().message()),
              ::testing::EndsWith("the rules of bandit; did you mean ucb1?"));
}

// A task of the user's own has what needs to know nothing of it, and plays no other task's rules.
TEST(MakeScriptedPolicy, ATaskThatWasBroughtHasRandomAlone) {
  env::BroughtTask task;
  task.spec.name = "mine";
  task.spec.observation_size = 1;
  task.spec.default_horizon = 10;
  task.spec.action.mutable_multi_discrete()->add_choices(3);
  task.spec.action.mutable_multi_discrete()->add_choices(7);
  ASSERT_TRUE(env::Bring(task).ok());
  for (const std::string& policy : PolicyNames()) {
    const absl::Status status = MakeScriptedPolicy(policy, "mine", {}, 1).status();
    if (policy == "random")
      EXPECT_TRUE(status.ok()) << status;
    else
      EXPECT_EQ(status.message(),
                "policy is \"" + policy + "\"; it must be a trained one, or random, the only rule of mine");
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
INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicy, ::testing::ValuesIn(Policies()), [](const auto& info) {
  std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(EveryPolicy, AnEpisodeDependsOnItselfAlone) {
  const auto& [policy, benchmark] = GetParam();
  auto options = OptionsOf(benchmark);
  const uint32_t steps = env::FindSpec(benchmark)->has_arms ? 40 : 120;  // of arms, tables grow fast
  options.set_horizon(steps);
  if (env::FindSpec(benchmark)->has_switches) options.set_switch_probability(0.2);
  const Returns batch = Play(policy, benchmark, options, 9, {.seed = 4, .first_episode = 10});
  const Returns alone = Play(policy, benchmark, options, 1, {.seed = 4, .first_episode = 16});
  EXPECT_EQ(batch.raw[6], alone.raw[0]);
  for (size_t i = 0; i < alone.raw_actions.size(); ++i) ASSERT_EQ(batch.raw_actions[9 * i + 6], alone.raw_actions[i]);
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

// Each component of u covers what its action can be, each part as often as another.
TEST(RandomPolicy, CoversTheWholeRangeOfActions) {
  v1::ActionSpace space;
  v1::BoxSpace& box = *space.mutable_box();
  for (const auto& [low, high, scale, offset] :
       {std::tuple{-20.0f, 20.0f, 5.0f, 0.0f}, {0.0f, 6.0f, 3.0f, 0.0f}, {1.0f, 3.0f, 1.0f, 2.0f}}) {
    box.add_low(low);
    box.add_high(high);
    box.add_scale(scale);
    box.add_offset(offset);
  }
  const std::vector<std::pair<double, double>> ranges = {{-4, 4}, {0, 2}, {-1, 1}};
  constexpr size_t kLanes = 10000;
  const auto random = MakeRandom(space);
  random->Reset({.seed = 3}, kLanes);
  std::vector<float> u(3 * kLanes), x(kLanes);
  const auto environment = env::MakeEnvironment("b1", OptionsOf("b1"), 1).value();  // it is not looked at
  random->Act(*environment, 0, {x.data(), 1, kLanes}, {}, nullptr, {u.data(), 3, kLanes});
  for (size_t i = 0; i < 3; ++i) {
    const auto [low, high] = ranges[i];
    const std::vector<double> drawn(u.begin() + static_cast<ptrdiff_t>(i * kLanes),
                                    u.begin() + static_cast<ptrdiff_t>((i + 1) * kLanes));
    const auto [least, most] = std::minmax_element(drawn.begin(), drawn.end());
    EXPECT_GE(*least, low);
    EXPECT_LT(*most, high);
    EXPECT_NEAR(*least, low, 0.01);
    EXPECT_NEAR(*most, high, 0.01);
    EXPECT_NEAR(EstimateOf(drawn).mean, (low + high) / 2, 4.5 * (high - low) / std::sqrt(12.0 * kLanes));
  }
}

TEST(RandomPolicy, TakesEveryChoiceAsOften) {
  v1::ActionSpace space;
  space.mutable_multi_discrete()->add_choices(3);
  space.mutable_multi_discrete()->add_choices(5);
  constexpr size_t kLanes = 15000;
  const auto random = MakeRandom(space);
  random->Reset({.seed = 3}, kLanes);
  std::vector<float> u(2 * kLanes), x(kLanes);
  const auto environment = env::MakeEnvironment("b1", OptionsOf("b1"), 1).value();  // it is not looked at
  random->Act(*environment, 0, {x.data(), 1, kLanes}, {}, nullptr, {u.data(), 2, kLanes});
  for (const auto& [component, choices] : {std::pair{0u, 3u}, {1u, 5u}}) {
    std::vector<double> counts(choices);
    for (size_t lane = 0; lane < kLanes; ++lane) counts.at(static_cast<size_t>(u[component * kLanes + lane])) += 1;
    const double p = 1.0 / choices;
    for (const double count : counts) EXPECT_NEAR(count, kLanes * p, 4.5 * std::sqrt(kLanes * p * (1 - p)));
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
