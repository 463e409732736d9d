#include "cli/train_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/config/config.h"
#include "common/config/schedule.h"

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

TEST(NewRunConfig, AnAssignmentThatUndoesAFlagIsRefused) {
  const auto message = [](TrainFlags flags, const std::string& assignment) {
    flags.assignments = {assignment};
    return std::string(NewRunConfig(flags).status().message());
  };
  TrainFlags seed = Reference(), updates = Reference(), episodes = Reference();
  seed.seed = 3;
  updates.updates = 2;
  episodes.episodes = 100;
  EXPECT_EQ(message(seed, "seed=5"), "--seed=3 and --set seed=5 contradict each other; give one");
  EXPECT_EQ(message(seed, "seed=3"), "");
  EXPECT_THAT(message(updates, "budget.updates=3"), HasSubstr("--updates=2 and --set budget.updates=3 contradict"));
  EXPECT_THAT(message(episodes, "budget.episodes=50"), HasSubstr("--episodes=100 and --set budget.episodes=50"));
  EXPECT_THAT(message(Reference(), "benchmark=b2"), HasSubstr("--task=b1 and --set benchmark=b2 contradict"));
}

TEST(NewRunConfig, BudgetFlagReplacesThePresets) {
  TrainFlags flags = Reference();
  flags.updates = 3;
  EXPECT_EQ(config::BudgetUpdates(*NewRunConfig(flags)), 3u);
  flags.episodes = 100;
  EXPECT_THAT(std::string(NewRunConfig(flags).status().message()), HasSubstr("exclude each other"));
}

TEST(NewRunConfig, AScheduleLongerThanTheBudgetIsSaidAndCanBeScaled) {
  TrainFlags flags = Reference();
  flags.preset = "fast";
  EXPECT_EQ(config::ScheduleNotice(*NewRunConfig(flags)), std::nullopt);
  flags.episodes = 1001;  // 20 updates and one episode
  const v1::RunConfig cut = *NewRunConfig(flags);
  EXPECT_EQ(cut.ppo().anneal_updates(), 700u);
  EXPECT_THAT(config::ScheduleNotice(cut).value_or(""),
              ::testing::AllOf(HasSubstr("21 updates"), HasSubstr("700"), HasSubstr("--scale_schedule")));
  flags.scale_schedule = true;
  const v1::RunConfig scaled = *NewRunConfig(flags);
  EXPECT_EQ(scaled.ppo().anneal_updates(), 21u);
  EXPECT_EQ(config::ScheduleNotice(scaled), std::nullopt);
  flags.scale_schedule = false;
  flags.episodes = std::nullopt;
  flags.updates = 900;
  EXPECT_THAT(config::ScheduleNotice(*NewRunConfig(flags)).value_or(""),
              ::testing::AllOf(HasSubstr("900 updates, goes on after the schedule"), HasSubstr("700"),
                               HasSubstr("stay at 0.05 of what they were at first")));
}

TEST(NewRunConfig, AConstantRateHasNoScheduleToScale) {
  TrainFlags flags = Reference();
  flags.updates = 3;
  flags.scale_schedule = true;
  const v1::RunConfig config = *NewRunConfig(flags);
  EXPECT_EQ(config.ppo().anneal_updates(), 0u);
  EXPECT_EQ(config::ScheduleNotice(config), std::nullopt);
}

// One answer says all lengths that have to follow, and they are enough.
TEST(NewRunConfig, AShorterHorizonIsToldAllThatFollowsIt) {
  TrainFlags flags = Reference();
  flags.preset = "fast";
  for (const auto& [benchmark, more] :
       {std::pair{"b1", " --set ppo.kept_steps=0 --set ppo.valued_steps=0 --set ppo.segment_steps=0"},
        {"b2",
         " --set ppo.rollout_steps=0 --set ppo.kept_steps=0 --set ppo.valued_steps=0 --set ppo.segment_steps=0"}}) {
    flags.benchmark = benchmark;
    flags.assignments = {"task.horizon=90"};
    EXPECT_THAT(std::string(NewRunConfig(flags).status().message()),
                ::testing::EndsWith(std::string("; for this horizon add") + more));
    for (const absl::string_view flag : absl::StrSplit(more, " --set ", absl::SkipEmpty()))
      flags.assignments.emplace_back(flag);
    EXPECT_TRUE(NewRunConfig(flags).ok()) << NewRunConfig(flags).status();
  }
}

TEST(NewRunConfig, ConfigFileExcludesPreset) {
  TrainFlags flags = Reference();
  flags.config_path = "x.textproto";
  EXPECT_THAT(std::string(NewRunConfig(flags).status().message()), HasSubstr("--config"));
}

TEST(NewRunConfig, NeedsABenchmark) {
  EXPECT_THAT(std::string(NewRunConfig({}).status().message()), HasSubstr("--task is missing"));
}

TEST(ResumedRunConfig, AScaledScheduleStaysWithTheBudgetItWasScaledTo) {
  TrainFlags first = Reference();
  first.preset = "fast";
  first.updates = 10;
  first.scale_schedule = true;
  const v1::RunConfig stored = *NewRunConfig(first);
  EXPECT_EQ(ResumedRunConfig(first, stored)->ppo().anneal_updates(), 10u);
  EXPECT_EQ(ResumedRunConfig({}, stored)->ppo().anneal_updates(), 10u);
  TrainFlags longer = first;
  longer.updates = 20;
  EXPECT_THAT(std::string(ResumedRunConfig(longer, stored).status().message()), HasSubstr("ppo.anneal_updates"));
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

// It says how the run learns, and nothing of how often it is saved or looked at.
TEST(ResumedRunConfig, APresetLeavesWhatDoesNotChangeTheHash) {
  TrainFlags flags = Reference();
  flags.assignments = {"checkpoint.keep=7", "eval.every_updates=2", "eval.episodes=10", "ppo.discount=0.9"};
  flags.updates = 30;
  const v1::RunConfig stored = *NewRunConfig(flags);
  TrainFlags resumed;
  resumed.preset = "reference";
  resumed.assignments = {"ppo.discount=0.9"};
  resumed.updates = 40;
  const absl::StatusOr<v1::RunConfig> config = ResumedRunConfig(resumed, stored);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->checkpoint().keep(), 7u);
  EXPECT_EQ(config->eval().every_updates(), 2u);
  EXPECT_EQ(config->budget().updates(), 40u);
  resumed.assignments.clear();
  EXPECT_THAT(std::string(ResumedRunConfig(resumed, stored).status().message()), HasSubstr("ppo.discount"));
}

// Not by what does not fit it.
TEST(ResumedRunConfig, AnotherHorizonIsNamedAsSuch) {
  const v1::RunConfig stored = *NewRunConfig(Reference());
  TrainFlags flags;
  flags.assignments = {"task.horizon=90"};
  EXPECT_THAT(std::string(ResumedRunConfig(flags, stored).status().message()),
              ::testing::AllOf(HasSubstr("the run was started with another env.horizon (1400, not 90);"),
                               ::testing::Not(HasSubstr("kept_steps"))));
}

TEST(ResumedRunConfig, WorkAndCheckpointOptionsMayChange) {
  const v1::RunConfig stored = *NewRunConfig(Reference());
  TrainFlags flags;
  flags.assignments = {"work.unit_episodes=5", "checkpoint.every_updates=1"};
  EXPECT_TRUE(ResumedRunConfig(flags, stored).ok());
}

}  // namespace
}  // namespace nmn::cli
