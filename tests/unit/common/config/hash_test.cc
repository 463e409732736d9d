#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/config.h"
#include "common/config/counts.h"

namespace nmn::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfigHash : public ::testing::Test {
 protected:
  v1::RunConfig base_ = *Preset("reference", "b1", "nmn");
  v1::RunConfig changed_ = base_;
};

TEST_F(ConfigHash, Is32BytesAndAFunctionOfTheConfig) {
  EXPECT_EQ(Hash(base_).size(), 32u);
  EXPECT_EQ(Hash(base_), Hash(*Parse(Print(base_), "printed")));
}

TEST_F(ConfigHash, LeavesOutBudgetWorkCheckpointEvaluationAndPreset) {
  changed_.mutable_budget()->set_stop_at_return(7);
  changed_.mutable_eval()->set_every_updates(7);
  changed_.mutable_budget()->set_episodes(7);
  changed_.mutable_work()->set_lease_seconds(7);
  changed_.mutable_checkpoint()->set_keep(7);
  changed_.set_preset("other");
  EXPECT_EQ(Hash(changed_), Hash(base_));
  EXPECT_THAT(Differences(changed_, base_), IsEmpty());
}

TEST_F(ConfigHash, EveryOtherFieldCounts) {
  for (const char* assignment :
       {"benchmark=b2", "seed=2", "mode=async", "env.horizon=1401", "env.tasks=1", "network.signal_lag=true",
        "network.hidden_sizes=11", "ppo.discount=0.9980000000000001", "ppo.kl_target=0.004",
        "ppo.clipped_ratio.clip=0.1", "async.max_lag=2", "ppo.anneal_updates=3", "init_weights_sha256=ab"}) {
    changed_ = base_;
    ASSERT_TRUE(Set(assignment, changed_).ok()) << assignment;
    EXPECT_NE(Hash(changed_), Hash(base_)) << assignment;
    EXPECT_EQ(Differences(changed_, base_).size(), 1u) << assignment;
  }
}

TEST_F(ConfigHash, AnEmptyGroupIsAnAbsentOne) {
  changed_.mutable_ppo()->mutable_clipped_ratio();
  EXPECT_NE(changed_.SerializeAsString(), base_.SerializeAsString());
  EXPECT_EQ(Hash(changed_), Hash(base_));
  EXPECT_THAT(Differences(changed_, base_), IsEmpty());
}

TEST_F(ConfigHash, DifferencesNameEachFieldByItsPath) {
  changed_.mutable_ppo()->mutable_policy()->set_epochs(3);
  changed_.mutable_network()->add_hidden_sizes(10);
  changed_.set_seed(9);
  EXPECT_THAT(Differences(base_, changed_), ElementsAre("seed", "network.hidden_sizes", "ppo.policy.epochs"));
}

TEST_F(ConfigHash, AListThatDiffersInSeveralPlacesIsNamedOnce) {
  for (const uint32_t size : {10, 20, 30}) base_.mutable_network()->add_hidden_sizes(size);
  for (const uint32_t size : {11, 21}) changed_.mutable_network()->add_hidden_sizes(size);
  EXPECT_THAT(Differences(base_, changed_), ElementsAre("network.hidden_sizes"));
}

TEST_F(ConfigHash, AnAbsentGroupDiffersByTheFieldsOfThePresentOne) {
  base_.clear_async();
  changed_.clear_async();
  changed_.mutable_async()->set_max_lag(2);
  EXPECT_THAT(Differences(base_, changed_), ElementsAre("async.max_lag"));
  EXPECT_THAT(Differences(changed_, base_), ElementsAre("async.max_lag"));
}

TEST(CountsInHash, SaysWhatHashSays) {
  const v1::RunConfig before = *Preset("fast", "b1", "nmn");
  for (const char* assignment : {"eval.every_updates=3", "checkpoint.keep=9", "work.unit_episodes=4",
                                 "budget.updates=7", "preset=x", "ppo.discount=0.9", "env.horizon=77", "seed=5"}) {
    const std::string text = assignment, path = text.substr(0, text.find('='));
    v1::RunConfig after = before;
    ASSERT_TRUE(Set(text, after).ok()) << text;
    EXPECT_EQ(CountsInHash(path), Hash(before) != Hash(after)) << text;
  }
  EXPECT_TRUE(CountsInHash("evaluation"));
}

}  // namespace
}  // namespace nmn::config
