#include <gtest/gtest.h>

#include <string>

#include "common/config/config.h"

namespace nmn::config {
namespace {

class SetField : public ::testing::Test {
 protected:
  std::string Error(const std::string& assignment) {
    const std::string before = config_.SerializeAsString();
    const absl::Status status = Set(assignment, config_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << assignment;
    EXPECT_EQ(config_.SerializeAsString(), before) << "a refused assignment changed something";
    return std::string(status.message());
  }
  void Apply(const std::string& assignment) {
    const absl::Status status = Set(assignment, config_);
    EXPECT_TRUE(status.ok()) << status;
  }
  v1::RunConfig config_ = *Preset("reference", "b1", "nmn");
};

TEST_F(SetField, ScalarsOfEveryKind) {
  Apply("seed=18446744073709551615");
  Apply("ppo.policy.learning_rate = 3e-4");
  Apply("network.signal_lag=true");
  Apply("preset=mine");
  Apply("env.step_cost_us=12.5");
  EXPECT_EQ(config_.seed(), 18446744073709551615u);
  EXPECT_EQ(config_.ppo().policy().learning_rate(), 3e-4);
  EXPECT_TRUE(config_.network().signal_lag());
  EXPECT_EQ(config_.preset(), "mine");
  EXPECT_EQ(config_.env().step_cost_us(), 12.5);
}

TEST_F(SetField, EnumerationsWithOrWithoutPrefixInAnyCase) {
  for (const char* value : {"paper", "PAPER", "Domain_Paper", "DOMAIN_PAPER"}) {
    config_.mutable_env()->set_domain(v1::DOMAIN_REFERENCE);
    Apply(std::string("env.domain=") + value);
    EXPECT_EQ(config_.env().domain(), v1::DOMAIN_PAPER) << value;
  }
  Apply("ppo.objective=clipped_ratio");
  EXPECT_EQ(config_.ppo().objective(), v1::CLIPPED_RATIO);
  Apply("ppo.trial_end=cut");
  EXPECT_EQ(config_.ppo().trial_end(), v1::CUT);
  Apply("ppo.trial_end=continue");  // its 0
  EXPECT_EQ(config_.ppo().trial_end(), v1::CONTINUE);
}

TEST_F(SetField, AFieldThatMayBeAbsentIsClearedByNothing) {
  Apply("budget.stop_at_return=0");
  EXPECT_TRUE(config_.budget().has_stop_at_return());
  EXPECT_NE(Print(config_).find("stop_at_return: 0"), std::string::npos);
  Apply("budget.stop_at_return=");
  EXPECT_FALSE(config_.budget().has_stop_at_return());
  EXPECT_EQ(Print(config_).find("stop_at_return"), std::string::npos);
  EXPECT_EQ(Parse(Print(config_), "printed")->SerializeAsString(), config_.SerializeAsString());
}

TEST_F(SetField, AListReplacesARepeatedField) {
  Apply("env.switch_steps=100, 200");
  Apply("env.switch_steps=300,400,500");
  ASSERT_EQ(config_.env().switch_steps_size(), 3);
  EXPECT_EQ(config_.env().switch_steps(2), 500u);
  Apply("env.tasks=-1.5,2");
  ASSERT_EQ(config_.env().tasks_size(), 2);
  EXPECT_EQ(config_.env().tasks(0), -1.5f);
  Apply("env.switch_steps=");
  EXPECT_EQ(config_.env().switch_steps_size(), 0);
}

TEST_F(SetField, KlTargetOfPpoIsTheObjectivesOwn) {
  Apply("ppo.kl_target=0.01");
  EXPECT_EQ(config_.ppo().kl_penalty().kl_target(), 0.01);
  Apply("ppo.objective=clipped_ratio");
  Apply("ppo.kl_target=0.02");
  EXPECT_EQ(config_.ppo().clipped_ratio().kl_target(), 0.02);
  EXPECT_EQ(config_.ppo().kl_penalty().kl_target(), 0.01);
}

TEST_F(SetField, UnknownNamesAreAnsweredWithNearOnes) {
  EXPECT_EQ(Error("ppo.kept_stps=1"), "unknown field \"kept_stps\" in ppo; did you mean kept_steps?");
  EXPECT_EQ(Error("pp.kept_steps=1"), "unknown field \"pp\"; did you mean ppo?");
  EXPECT_EQ(
      Error("ppo.learning_rate=1"),
      "unknown field \"learning_rate\" in ppo; did you mean ppo.policy.learning_rate or ppo.critic.learning_rate?");
  EXPECT_EQ(Error("discount=1"), "unknown field \"discount\"; did you mean ppo.discount?");
  EXPECT_EQ(Error("=1"),
            "unknown field \"\"; the fields are benchmark, preset, seed, mode, env, network, ppo, budget, work, "
            "checkpoint, async, eval, init_weights_sha256, task, normalize");
}

TEST_F(SetField, ValuesOfAnotherKindAreRefused) {
  EXPECT_EQ(Error("ppo.policy.epochs=2.5"), "ppo.policy.epochs takes a whole number from 0 to 4294967295, not \"2.5\"");
  EXPECT_EQ(Error("ppo.policy.epochs=-1"), "ppo.policy.epochs takes a whole number from 0 to 4294967295, not \"-1\"");
  EXPECT_EQ(Error("ppo.policy.epochs="), "ppo.policy.epochs takes a whole number from 0 to 4294967295, not \"\"");
  EXPECT_EQ(Error("seed=18446744073709551616"),
            "seed takes a whole number from 0 to 18446744073709551615, not \"18446744073709551616\"");
  EXPECT_EQ(Error("ppo.discount=nan"), "ppo.discount takes a number, not \"nan\"");
  EXPECT_EQ(Error("ppo.discount=1e-999"), "ppo.discount takes a number, not \"1e-999\"");
  EXPECT_EQ(Error("ppo.discount=0.1e-400"), "ppo.discount takes a number, not \"0.1e-400\"");
  EXPECT_EQ(Error("budget.stop_at_return=-1e-999"), "budget.stop_at_return takes a number, not \"-1e-999\"");
  EXPECT_EQ(Error("ppo.discount=much"), "ppo.discount takes a number, not \"much\"");
  EXPECT_EQ(Error("env.tasks=1,,2"), "env.tasks takes a number, 0 or from 1e-38 to 3e38 in size, not \"\"");
  EXPECT_EQ(Error("network.signal_lag=perhaps"), "network.signal_lag takes true or false, not \"perhaps\"");
  EXPECT_EQ(Error("env.domain=mars"), "env.domain takes one of DOMAIN_REFERENCE, DOMAIN_PAPER, not \"mars\"");
  EXPECT_EQ(Error("mode=MODE_UNSPECIFIED"), "mode takes one of SYNC, ASYNC, not \"MODE_UNSPECIFIED\"");
}

TEST_F(SetField, ASwitchIsTurnedAsOnTheCommandLine) {
  for (const std::string value : {"true", "1", "yes", "on"}) {
    Apply("network.signal_lag=" + value);
    EXPECT_TRUE(config_.network().signal_lag()) << value;
    Apply("network.signal_lag=" + (value == "on" ? std::string("off") : "false"));
    EXPECT_FALSE(config_.network().signal_lag()) << value;
  }
  Apply("ppo.discount=0e-999");
  EXPECT_EQ(config_.ppo().discount(), 0);
}

TEST_F(SetField, PathsOfTheWrongDepthAreRefused) {
  EXPECT_EQ(Error("seed.x=1"), "seed is not a group of fields; write seed=value");
  EXPECT_EQ(Error("budget=1"), "budget is a group of fields; set one of budget.{updates, episodes, stop_at_return}");
  EXPECT_EQ(Error("seed"), "\"seed\" is not an assignment; write field=value, e.g. ppo.discount=0.99");
}

}  // namespace
}  // namespace nmn::config
