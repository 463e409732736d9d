#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/env/environment.h"

namespace nmn::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A preset, assignments that spoil it, and the whole message.
struct Refusal {
  const char* preset;
  const char* benchmark;
  std::vector<const char*> assignments;
  const char* message;
};

const Refusal kRefusals[] = {
    {"reference", "b1", {"preset=a/b"}, "preset is \"a/b\"; it must be at most 64 letters, digits, '-', '_' and '.'"},
    {"reference",
     "b1",
     {"env.horizon=174763"},
     "env.horizon is 174763; it must be from 1 to 174762, so that an episode fits a message (the paper's reference "
     "uses 1400)"},
    {"reference",
     "b3",
     {"env.horizon=116509"},
     "env.horizon is 116509; it must be from 1 to 116508, so that an episode fits a message (the paper's reference "
     "uses 5000)"},
    {"reference",
     "b1",
     {"env.horizon=399"},
     "ppo.kept_steps is 400; it must be from 1 to 399, the horizon, or 0 for all of it (the paper's reference uses 400 "
     "in b1, 2000 in b2 "
     "and b3)"},
    {"reference",
     "b1",
     {"ppo.segment_steps=150"},
     "ppo.segment_steps is 150; it must be a divisor of ppo.kept_steps, which is 400, or 0 for the largest up to 200 "
     "(the paper's reference uses 200)"},
    {"reference",
     "b1",
     {"ppo.episodes_per_update=0"},
     "ppo.episodes_per_update is 0; it must be from 1 to 1000000 (the paper's reference uses 50)"},
    {"reference",
     "b1",
     {"ppo.episodes_per_update=200000", "ppo.critic.replay_episodes=200000"},
     "ppo.episodes_per_update is 200000; it must be at most 191739 at a horizon of 1400, so that an update fits in "
     "memory "
     "(the paper's reference uses 50)"},
    {"reference",
     "b1",
     {"ppo.discount=1"},
     "ppo.discount is 1; it must be from 0 to below 1, because rewards are scaled by 1 - discount (the paper's "
     "reference uses "
     "0.998)"},
    {"reference",
     "b1",
     {"ppo.trace_decay=1.01"},
     "ppo.trace_decay is 1.01; it must be from 0 to 1 (the paper's reference uses 0.98)"},
    {"reference",
     "b1",
     {"ppo.adam.beta1=1"},
     "ppo.adam.beta1 is 1; it must be from 0 to below 1 (the paper's reference uses 0.9)"},
    {"reference",
     "b1",
     {"ppo.adam.beta2=-0.1"},
     "ppo.adam.beta2 is -0.1; it must be from 0 to below 1 (the paper's reference uses 0.999)"},
    {"reference",
     "b1",
     {"ppo.adam.epsilon=0"},
     "ppo.adam.epsilon is 0; it must be above 0 and at most 1 (the paper's reference uses 1e-8)"},
    {"reference",
     "b1",
     {"ppo.policy.epochs=0"},
     "ppo.policy.epochs is 0; it must be from 1 to 10000 (the paper's reference uses 20)"},
    {"reference",
     "b1",
     {"ppo.policy.minibatch_segments=101"},
     "ppo.policy.minibatch_segments is 101; it must be at most 100, the segments of an update; 0 is all of them (the "
     "paper's "
     "reference uses 0)"},
    {"reference",
     "b1",
     {"ppo.policy.learning_rate=0"},
     "ppo.policy.learning_rate is 0; it must be above 0 and at most 1 (the paper's reference uses 2e-4)"},
    {"reference",
     "b1",
     {"ppo.policy.learning_rate=20"},
     "ppo.policy.learning_rate is 20; it must be above 0 and at most 1 (the paper's reference uses 2e-4)"},
    {"reference",
     "b1",
     {"ppo.policy.gradient_clip_norm=-1"},
     "ppo.policy.gradient_clip_norm is -1; it must be 0 (off) or above (the paper's reference uses 0)"},
    {"reference",
     "b1",
     {"ppo.policy.entropy_bonus=-0.01"},
     "ppo.policy.entropy_bonus is -0.01; it must be 0 (off) or above (the paper's reference uses 0)"},
    {"reference",
     "b1",
     {"ppo.policy.anneal_entropy_bonus=true"},
     "ppo.policy.anneal_entropy_bonus is true; it must be false where ppo.policy.entropy_bonus or ppo.anneal_updates "
     "is 0"},
    {"reference",
     "b1",
     {"ppo.critic.epochs=0"},
     "ppo.critic.epochs is 0; it must be from 1 to 10000 (the paper's reference uses 10)"},
    {"reference",
     "b1",
     {"ppo.critic.replay_episodes=175"},
     "ppo.critic.replay_episodes is 175; it must be a multiple of ppo.episodes_per_update, which is 50, up to 1000000 "
     "(the "
     "paper's reference uses 150)"},
    {"reference",
     "b1",
     {"ppo.critic.replay_episodes=0"},
     "ppo.critic.replay_episodes is 0; it must be a multiple of ppo.episodes_per_update, which is 50, up to 1000000 "
     "(the "
     "paper's reference uses 150)"},
    {"reference",
     "b1",
     {"ppo.critic.minibatch_segments=0"},
     "ppo.critic.minibatch_segments is 0; it must be from 1 to 300, the segments of the replay (the paper's reference "
     "uses 25)"},
    {"reference",
     "b1",
     {"ppo.critic.minibatch_segments=301"},
     "ppo.critic.minibatch_segments is 301; it must be from 1 to 300, the segments of the replay (the paper's "
     "reference uses "
     "25)"},
    {"reference",
     "b1",
     {"ppo.critic.learning_rate=-1"},
     "ppo.critic.learning_rate is -1; it must be above 0 and at most 1 (the paper's reference uses 6e-3)"},
    {"reference",
     "b1",
     {"ppo.critic.gradient_clip_norm=-1"},
     "ppo.critic.gradient_clip_norm is -1; it must be 0 (off) or above (the paper's reference uses 0)"},
    {"reference",
     "b1",
     {"ppo.critic.loss=huber"},
     "ppo.critic.huber_delta is 0; it must be above 0 with the HUBER loss"},
    {"reference",
     "b1",
     {"ppo.kl_target=-0.1"},
     "ppo.kl_penalty.kl_target is -0.1; it must be above 0 (the paper's reference uses 0.003)"},
    {"reference",
     "b1",
     {"ppo.kl_penalty.hinge_coefficient=-1"},
     "ppo.kl_penalty.hinge_coefficient is -1; it must be 0 (off) or above (the paper's reference uses 50)"},
    {"reference",
     "b1",
     {"ppo.kl_penalty.beta_max=0.5"},
     "ppo.kl_penalty.beta_max is 0.5; it must be 1 or above (the paper's reference uses 35)"},
    {"reference",
     "b1",
     {"ppo.kl_penalty.beta_initial=36"},
     "ppo.kl_penalty.beta_initial is 36; it must be from 1 / ppo.kl_penalty.beta_max to ppo.kl_penalty.beta_max (the "
     "paper's "
     "reference uses 1)"},
    {"reference",
     "b1",
     {"ppo.anneal_final=2"},
     "ppo.anneal_final is 2; it must be from 0 to 1 (the paper's reference uses 0, which nothing reads while "
     "ppo.anneal_updates is 0)"},
    {"reference",
     "b1",
     {"ppo.objective=clipped_ratio"},
     "ppo.clipped_ratio.clip is 0; it must be above 0 and below 1 (Schulman 2017 uses 0.2)"},
    {"fast",
     "b1",
     {"ppo.kl_target=-1"},
     "ppo.clipped_ratio.kl_target is -1; it must be 0 (no control of the rate) or above (the fast presets use 0.015)"},
    {"fast",
     "b1",
     {"ppo.clipped_ratio.rate_increase=0.9"},
     "ppo.clipped_ratio.rate_increase is 0.9; it must be from 1 to 1e6 (the fast presets use 1.15)"},
    {"fast",
     "b1",
     {"ppo.clipped_ratio.rate_decrease=0"},
     "ppo.clipped_ratio.rate_decrease is 0; it must be from 1 to 1e6 (the fast presets use 1.3)"},
    {"fast",
     "b1",
     {"ppo.clipped_ratio.max_rate_factor=0"},
     "ppo.clipped_ratio.max_rate_factor is 0; it must be from 1 to 1e6 (the fast presets use 1)"},
    {"fast",
     "b1",
     {"ppo.clipped_ratio.take_back_kl=-1"},
     "ppo.clipped_ratio.take_back_kl is -1; it must be 0 (never) or above (the fast presets use 0.05)"},
    {"fast",
     "b1",
     {"ppo.clipped_ratio.final_kl_target=-1"},
     "ppo.clipped_ratio.final_kl_target is -1; it must be 0 (kl_target stays) or above, and 0 where "
     "ppo.clipped_ratio.kl_target is 0 (the fast presets use 0.002)"},
    {"fast",
     "b1",
     {"ppo.adam.critic_beta1=1"},
     "ppo.adam.critic_beta1 is 1; it must be from 0 to below 1 (absent: as the policy's)"},
    {"fast",
     "b1",
     {"ppo.adam.critic_beta2=-0.1"},
     "ppo.adam.critic_beta2 is -0.1; it must be from 0 to below 1 (absent: as the policy's)"},
    {"fast",
     "b1",
     {"ppo.adam.critic_epsilon=0"},
     "ppo.adam.critic_epsilon is 0; it must be above 0 and at most 1 (absent: as the policy's)"},
    {"fast",
     "b1",
     {"ppo.policy.final_min_log_variance=0"},
     "ppo.policy.final_min_log_variance is 0; it must be below network.max_log_variance, which is 0, and absent where "
     "ppo.anneal_updates or both bounds are 0"},
    {"fast",
     "b1",
     {"ppo.policy.final_min_log_variance=-5", "ppo.policy.anneal_entropy_bonus=false", "ppo.anneal_updates=0"},
     "ppo.policy.final_min_log_variance is -5; it must be below network.max_log_variance, which is 0, and absent where "
     "ppo.anneal_updates or both bounds are 0"},
    {"fast",
     "b1",
     {"ppo.policy.final_min_log_variance=-5", "network.min_log_variance=0"},
     "ppo.policy.final_min_log_variance is -5; it must be below network.max_log_variance, which is 0, and absent where "
     "ppo.anneal_updates or both bounds are 0"},
    {"fast",
     "b1",
     {"ppo.rollout_steps=1401"},
     "ppo.rollout_steps is 1401; it must be 0 (all steps) or from 1 to 1400, the horizon (the paper's reference uses "
     "0)"},
    {"fast",
     "b1",
     {"ppo.rollout_steps=199"},
     "ppo.kept_steps is 200; it must be from 1 to 199, which is ppo.rollout_steps, or 0 for all of it (the paper's "
     "reference uses 400 in "
     "b1, 2000 in b2 and b3)"},
    {"fast",
     "b1",
     {"ppo.rollout_steps=300"},
     "ppo.valued_steps is 400; it must be 0 (all steps) or from 200, which is ppo.kept_steps, to 300, which is "
     "ppo.rollout_steps (the paper's reference uses 0)"},
    {"fast",
     "b1",
     {"ppo.valued_steps=100"},
     "ppo.valued_steps is 100; it must be 0 (all steps) or from 200, which is ppo.kept_steps, to 1400, the horizon "
     "(the "
     "paper's reference uses 0)"},
    {"fast",
     "b1",
     {"ppo.trial_end=cut"},
     "ppo.trial_end is CUT; it must be CONTINUE where the task has no trials, or where ppo.valued_steps is not 0"},
    {"reference",
     "b1",
     {"budget.episodes=0"},
     "budget is empty; set budget.updates (--updates) or budget.episodes (--episodes) to 1 or more"},
    {"reference",
     "b1",
     {"budget.updates=5"},
     "budget has both updates 5 and episodes 20000; set one of them and leave the other at 0"},
    {"reference",
     "b1",
     {"budget.episodes=0", "budget.updates=2147483648"},
     "budget.updates is 2147483648; it must be at most 2147483647"},
    {"reference",
     "b1",
     {"budget.episodes=107374182351"},
     "budget.episodes is 107374182351; it must be at most 107374182350, which is 2147483647 updates"},
    {"reference",
     "b1",
     {"work.unit_episodes=15"},
     "work.unit_episodes is 15; it must be a divisor of ppo.episodes_per_update, which is 50 (most presets use 10)"},
    {"reference",
     "b1",
     {"work.unit_episodes=0"},
     "work.unit_episodes is 0; it must be a divisor of ppo.episodes_per_update, which is 50 (most presets use 10)"},
    {"reference",
     "b1",
     {"work.lease_seconds=0"},
     "work.lease_seconds is 0; it must be from 1 to 86400 seconds (the presets use 120)"},
    {"reference",
     "b1",
     {"work.max_actors=0"},
     "work.max_actors is 0; it must be from 1 to 1000000 (the presets use 4096)"},
    {"reference",
     "b1",
     {"work.credit_bytes=1000"},
     "work.credit_bytes is 1000; it must be from 8388608, one message, to 1073741824 (the presets use 16777216)"},
    {"reference",
     "b1",
     {"work.max_consecutive_reverts=0"},
     "work.max_consecutive_reverts is 0; it must be from 1 to 1000000 (the presets use 20)"},
    {"reference",
     "b1",
     {"work.verify_units=1000001"},
     "work.verify_units is 1000001; it must be from 0 to 1000000 (0: never; the presets of own tasks use 200)"},
    {"reference",
     "b1",
     {"checkpoint.every_updates=0"},
     "checkpoint.every_updates is 0; it must be from 1 to 1000000 (most presets use 10)"},
    {"reference",
     "b1",
     {"eval.every_updates=5"},
     "eval.episodes is 0; it must be from 1 to 10000 (so many are played after every "
     "eval.every_updates updates, and training waits meanwhile; 100 tell much: --set eval.episodes=100)"},
    {"reference",
     "b1",
     {"eval.every_updates=1000001", "eval.episodes=1"},
     "eval.every_updates is 1000001; it must be from 0 to 1000000 (0: no evaluation)"},
    {"reference",
     "b1",
     {"init_weights_sha256=0g"},
     "init_weights_sha256 is \"0g\"; it must be 64 hexadecimal digits (a run with --init_from writes it itself)"},
    {"reference", "b1", {"checkpoint.keep=0"}, "checkpoint.keep is 0; it must be from 1 to 10000 (the presets use 3)"},
    {"reference",
     "b1",
     {"mode=async", "async.max_lag=0"},
     "async.max_lag is 0; it must be from 1 to 16 (versions an actor may run ahead, each with an update's episodes in "
     "memory; the presets use 1)"},
    {"reference",
     "b1",
     {"mode=async", "async.max_lag=17"},
     "async.max_lag is 17; it must be from 1 to 16 (versions an actor may run ahead, each with an update's episodes in "
     "memory; the presets use 1)"},
    {"reference",
     "b1",
     {"async.v_trace=true"},
     "async.v_trace is true; it must be false while mode is SYNC (a synchronous update has nothing to correct)"},
};

TEST(Validate, EveryImpossibleConfigIsRefusedInOneLineThatNamesTheField) {
  for (const Refusal& refusal : kRefusals) {
    v1::RunConfig config = *Preset(refusal.preset, refusal.benchmark, "nmn");
    for (const char* assignment : refusal.assignments) {
      const absl::Status set = Set(assignment, config);
      ASSERT_TRUE(set.ok()) << set;
    }
    const absl::Status status = Validate(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << refusal.message;
    EXPECT_EQ(status.message(), refusal.message);
  }
}

TEST(Validate, AnUnknownTaskIsAnsweredWithThoseThereAre) {
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  ASSERT_TRUE(Set("benchmark=b9", config).ok());
  EXPECT_EQ(std::string(Validate(config).message()), "benchmark is \"b9\"; it must be one of " +
                                                         absl::StrJoin(env::TaskNames(), ", ") +
                                                         "; did you mean b1 or b2 or b3?");
}

// What the environments and the networks check themselves: the field is named, whatever the words.
TEST(Validate, OptionsOfAnotherBenchmarkOrArchitectureAreRefused) {
  const std::vector<Refusal> cases = {
      {"reference", "b1", {"env.cone=0.5"}, "env.cone is 0.5; it must be"},
      {"reference", "b2", {"env.cone=4"}, "env.cone is 4; it must be"},
      {"reference", "b1", {"env.targets=0,0"}, "env.targets"},
      {"reference", "b2", {"env.targets=0,0,1"}, "env.targets"},
      {"reference", "b2", {"env.domain=paper"}, "env.domain is DOMAIN_PAPER; it must be"},
      {"reference", "b3", {"env.tasks=2"}, "env.tasks"},
      {"reference", "b1", {"env.switch_probability=1.5"}, "env.switch_probability is 1.5; it must be"},
      {"reference", "b1", {"env.step_cost_us=-1"}, "env.step_cost_us is -1; it must be"},
      {"reference", "b1", {"env.switch_steps=1400"}, "env.switch_steps"},
      {"reference", "b1", {"network.signal_size=21"}, "network.signal_size is 21; with PER_LAYER wiring it must be"},
      {"reference", "b1", {"network.signal_size=0"}, "network.signal_size is 0; it must be"},
      {"reference", "b1", {"network.architecture=rnn"}, "network.formula is FORMULA_REFERENCE; it must be absent"},
      {"reference", "b1", {"network.main_activation=tanh"}, "network.main_activation is TANH; it must be"},
      {"reference", "b1", {"network.recurrent_sizes="}, "network.recurrent_sizes is empty; it must"},
      {"reference", "b1", {"network.recurrent_sizes=0"}, "network.recurrent_sizes"},
      {"reference", "b1", {"network.hidden_sizes=1000000"}, "network.hidden_sizes"},
      {"reference",
       "b1",
       {"network.min_log_variance=1", "network.max_log_variance=-1"},
       "network.min_log_variance is 1; it must be"},
  };
  for (const Refusal& refusal : cases) {
    v1::RunConfig config = *Preset(refusal.preset, refusal.benchmark, "nmn");
    for (const char* assignment : refusal.assignments) ASSERT_TRUE(Set(assignment, config).ok()) << assignment;
    const absl::Status status = Validate(config);
    EXPECT_THAT(std::string(status.message()), StartsWith(refusal.message)) << refusal.assignments[0];
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
  }
}

TEST(Validate, AbsentEnumerationsAreRefusedByName) {
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  config.mutable_ppo()->clear_objective();
  EXPECT_EQ(Validate(config).message(),
            "ppo.objective is OBJECTIVE_UNSPECIFIED; it must be KL_PENALTY or CLIPPED_RATIO (the paper's reference "
            "uses KL_PENALTY)");
  config = *Preset("reference", "b1", "nmn");
  config.mutable_ppo()->mutable_critic()->clear_loss();
  EXPECT_EQ(
      Validate(config).message(),
      "ppo.critic.loss is CRITIC_LOSS_UNSPECIFIED; it must be SQUARED or HUBER (the paper's reference uses SQUARED)");
}

TEST(Validate, EnumerationsWithoutANameAreRefused) {
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  config.set_mode(static_cast<v1::Mode>(7));
  EXPECT_EQ(Validate(config).message(), "mode is 7; it must be one of SYNC, ASYNC");
}

TEST(Validate, NumbersThatAreNotFiniteAreRefusedWhereverTheyStand) {
  const double infinity = std::numeric_limits<double>::infinity();
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  config.mutable_ppo()->set_discount(std::nan(""));
  EXPECT_EQ(Validate(config).message(), "ppo.discount is nan; it must be finite");
  config = *Preset("reference", "b1", "nmn");
  config.mutable_ppo()->mutable_kl_penalty()->set_kl_target(infinity);
  EXPECT_EQ(Validate(config).message(), "ppo.kl_penalty.kl_target is inf; it must be finite");
  config = *Preset("reference", "b1", "nmn");
  config.mutable_ppo()->mutable_clipped_ratio()->set_clip(-infinity);  // not even read
  EXPECT_EQ(Validate(config).message(), "ppo.clipped_ratio.clip is -inf; it must be finite");
  config = *Preset("reference", "b1", "nmn");
  config.mutable_env()->add_tasks(1);
  config.mutable_env()->add_tasks(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(Validate(config).message(), "env.tasks[1] is nan; it must be finite");
}

TEST(Steps, ThoseThatAreNotSaidFollowTheHorizon) {
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  EXPECT_EQ(KeptSteps(config), 400u);
  EXPECT_EQ(SegmentSteps(config), 200u);
  for (const char* assignment : {"ppo.kept_steps=0", "ppo.segment_steps=0"}) ASSERT_TRUE(Set(assignment, config).ok());
  const auto at = [&](const char* horizon) {
    EXPECT_TRUE(Set(absl::StrCat("task.horizon=", horizon), config).ok());
    EXPECT_TRUE(Validate(config).ok()) << Validate(config);
    return std::pair(KeptSteps(config), SegmentSteps(config));
  };
  EXPECT_EQ(at("1400"), std::pair(1400u, 200u));
  EXPECT_EQ(at("10"), std::pair(10u, 10u));
  EXPECT_EQ(at("500"), std::pair(500u, 125u));
  EXPECT_EQ(at("211"), std::pair(211u, 1u));
}

TEST(Validate, AnEmptyConfigIsRefused) { EXPECT_FALSE(Validate(v1::RunConfig()).ok()); }

TEST(Validate, TheLargestHorizonThatFitsAMessageIsTaken) {
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  ASSERT_TRUE(Set("env.horizon=174762", config).ok());
  EXPECT_TRUE(Validate(config).ok()) << Validate(config);
}

}  // namespace
}  // namespace nmn::config
