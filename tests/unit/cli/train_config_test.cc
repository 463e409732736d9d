#include "cli/train_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/config.h"

namespace nmn::cli {
namespace {

using ::testing::HasSubstr;

TrainFlags Reference() {
  TrainFlags flags;
  flags.benchmark = "b1";
  flags.preset = "reference";
  return flags;
}

TEST(NewRunConfig, IsThePresetWithSeedOne) {
  const absl::StatusOr<v1::RunConfig> config = NewRunConfig(Reference());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->preset(), "reference");
  EXPECT_EQ(config->seed(), 1u);
  EXPECT_EQ(config::BudgetUpdates(*config), 400u);
}

TEST(NewRunConfig, LaterAssignmentWins) {
  TrainFlags flags = Reference();
  flags.assignments = {"ppo.discount=0.9", "ppo.discount=0.95"};
  EXPECT_EQ(NewRunConfig(flags)->ppo().discount(), 0.95);
}

TEST(NewRunConfig, BudgetFlagReplacesThePresets) {
  TrainFlags flags = Reference();
  flags.updates = 3;
  EXPECT_EQ(config::BudgetUpdates(*NewRunConfig(flags)), 3u);
  flags.episodes = 100;
  EXPECT_THAT(std::string(NewRunConfig(flags).status().message()), HasSubstr("exclude each other"));
}

TEST(NewRunConfig, ConfigFileExcludesPreset) {
  TrainFlags flags = Reference();
  flags.config_path = "x.textproto";
  EXPECT_THAT(std::string(NewRunConfig(flags).status().message()), HasSubstr("--config"));
}

TEST(NewRunConfig, NeedsABenchmark) {
  EXPECT_THAT(std::string(NewRunConfig({}).status().message()), HasSubstr("--benchmark is missing"));
}

TEST(ResumedRunConfig, TakesTheStoredConfigAndANewBudget) {
  TrainFlags first = Reference();
  first.seed = 5;
  const v1::RunConfig stored = *NewRunConfig(first);
  TrainFlags flags;
  flags.updates = 900;
  const absl::StatusOr<v1::RunConfig> config = ResumedRunConfig(flags, stored);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->seed(), 5u);
  EXPECT_EQ(config::BudgetUpdates(*config), 900u);
}

TEST(ResumedRunConfig, TheSameCommandAgainIsFine) {
  TrainFlags flags = Reference();
  flags.seed = 5;
  flags.assignments = {"ppo.discount=0.9"};
  const v1::RunConfig stored = *NewRunConfig(flags);
  EXPECT_TRUE(ResumedRunConfig(flags, stored).ok());
}

TEST(ResumedRunConfig, RefusesWhatChangesTheHashByName) {
  const v1::RunConfig stored = *NewRunConfig(Reference());
  const auto message = [&](const TrainFlags& flags) {
    return std::string(ResumedRunConfig(flags, stored).status().message());
  };
  TrainFlags flags;
  flags.seed = 2;
  EXPECT_THAT(message(flags), HasSubstr("seed"));
  flags = {};
  flags.assignments = {"ppo.trace_decay=0.5"};
  EXPECT_THAT(message(flags), HasSubstr("ppo.trace_decay"));
  flags = {};
  flags.arch = "rnn";
  EXPECT_THAT(message(flags), HasSubstr("arch"));
  flags = {};
  flags.preset = "paper";
  EXPECT_THAT(message(flags), HasSubstr("network.formula"));
}

TEST(ResumedRunConfig, WorkAndCheckpointOptionsMayChange) {
  const v1::RunConfig stored = *NewRunConfig(Reference());
  TrainFlags flags;
  flags.assignments = {"work.unit_episodes=5", "checkpoint.every_updates=1"};
  EXPECT_TRUE(ResumedRunConfig(flags, stored).ok());
}

}  // namespace
}  // namespace nmn::cli
