// The task of a config: resolved from the benchmark and its options, part of the hash, the same on both sides.

#include "common/config/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/config.h"
#include "common/env/environment.h"

namespace nmn::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::RunConfig B1() { return *Preset("fast", "b1", "nmn"); }

TEST(Task, APresetHasThatOfItsBenchmark) {
  for (const std::string& benchmark : env::BenchmarkNames()) {
    const v1::RunConfig config = *Preset("fast", benchmark, "nmn");
    const env::EnvironmentSpec spec = *env::FindSpec(benchmark);
    EXPECT_EQ(config.task().name(), benchmark);
    EXPECT_EQ(config.task().version(), 1u);
    EXPECT_EQ(config.task().observation_size(), spec.observation_size);
    EXPECT_EQ(config.task().action().SerializeAsString(), spec.action.SerializeAsString());
    EXPECT_EQ(config.task().horizon(), spec.default_horizon);
    EXPECT_EQ(config.task().best_return(), spec.oracle_return);
  }
}

TEST(Task, ItsOptionsAreThoseOfTheEnvironment) {
  v1::RunConfig by_task = B1(), by_environment = B1();
  ASSERT_TRUE(Set("task.horizon=700", by_task).ok());
  ASSERT_TRUE(Set("env.horizon=700", by_environment).ok());
  EXPECT_EQ(Print(by_task), Print(by_environment));
  EXPECT_EQ(by_task.task().horizon(), 700u);
  EXPECT_FALSE(by_task.task().has_best_return()) << "known for the whole horizon alone";
  EXPECT_TRUE(Validate(by_task).ok());
}

TEST(Task, WhatFollowsFromTheOptionsIsNotSetByHand) {
  v1::RunConfig config = B1();
  EXPECT_EQ(Set("task.observation_size=7", config).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Print(config), Print(B1()));
}

TEST(Task, AnotherBenchmarkBringsItsOwn) {
  v1::RunConfig config = B1();
  ASSERT_TRUE(Set("benchmark=b3", config).ok());
  EXPECT_EQ(config.task().name(), "b3");
  EXPECT_EQ(config.task().observation_size(), 4u);
}

TEST(Task, AConfigOfBeforeGetsIt) {
  v1::RunConfig before = B1();
  before.clear_task();
  EXPECT_EQ(Hash(*Parse(Print(before), "before")), Hash(B1()));
}

TEST(Task, CountsInTheHashButForWhatIsKnownOfItsReturns) {
  v1::RunConfig config = B1();
  config.mutable_task()->set_best_return(1);
  config.mutable_task()->set_random_return(2);
  EXPECT_EQ(Hash(config), Hash(B1()));
  config.mutable_task()->set_version(2);
  EXPECT_NE(Hash(config), Hash(B1()));
  EXPECT_THAT(Differences(config, B1()), ElementsAre("task.version"));
}

TEST(Task, AnOptionThatDiffersIsNamedOnce) {
  v1::RunConfig config = B1();
  ASSERT_TRUE(Set("env.horizon=700", config).ok());
  EXPECT_THAT(Differences(config, B1()), ElementsAre("env.horizon"));
}

TEST(Task, OneThatThisProgramDoesNotHaveIsRefused) {
  v1::RunConfig config = B1();
  config.mutable_task()->set_version(2);
  EXPECT_EQ(Validate(config).message(),
            "task.version is 2; it must be 1 (what benchmark b1 is in this program with the options of env)");
}

TEST(Task, DifferencesAreNamedWithBothValues) {
  const v1::TaskSpec run = B1().task();
  v1::TaskSpec own = run;
  own.set_best_return(1);
  EXPECT_THAT(DescribeOtherTask(own, run), IsEmpty());
  own.set_version(2);
  own.add_measures("hits");
  own.mutable_action()->set_discrete(5);
  EXPECT_EQ(DescribeOtherTask(own, run),
            "task.version is 2, the run's is 1; task.action is discrete: 5, the run's is box { low: -20 high: 20 "
            "scale: 5 offset: 0 bound: CLIP }; task.measures is \"distance\", \"hits\", the run's is \"distance\"");
}

}  // namespace
}  // namespace nmn::config
