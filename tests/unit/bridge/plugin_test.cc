// Tasks in shared libraries: what they play, and what is said of those that do not work.

#include <gmock/gmock.h>

#include <cfenv>
#include <cmath>

#include "bridge/plugin_lanes.h"
#include "bridge/plugin_library.h"
#include "tests/unit/bridge/pool.h"

namespace nmn::bridge {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr env::BatchKey kKey{.seed = 1, .update = 2, .first_episode = 40};

absl::StatusOr<std::unique_ptr<PluginLanes>> Make(const std::string& fault, size_t lanes, uint32_t horizon = 0) {
  setenv("TASK_TEST_FAULT", fault.c_str(), 1);
  const absl::StatusOr<PluginLibrary> library = LoadPlugin(SEEDS_PLUGIN);
  if (!library.ok()) return library.status();
  return PluginLanes::Create(*library, horizon, lanes);
}

std::string MessageOf(const absl::Status& status) {
  const std::string message(status.message());
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

struct Fault {
  const char* name;
  const char* words;
};
std::string NameOf(const ::testing::TestParamInfo<Fault>& info) { return info.param.name; }

class RefusedPlugin : public ::testing::TestWithParam<Fault> {};
TEST_P(RefusedPlugin, IsOneLineThatNamesTheFile) {
  const absl::Status status = Make(GetParam().name, 2).status();
  EXPECT_FALSE(absl::IsUnavailable(status) || absl::IsAborted(status)) << "it does not go well another time";
  EXPECT_THAT(MessageOf(status), AllOf(HasSubstr(SEEDS_PLUGIN), HasSubstr(GetParam().words)));
}
INSTANTIATE_TEST_SUITE_P(
    Of, RefusedPlugin,
    ::testing::Values(Fault{"null", "nmn_task_plugin returned NULL"},
                      Fault{"abi", "it is made for version 2 of nmn/task.h, and this program takes 1; compile it"},
                      Fault{"size", "its nmn_step has 48 bytes, and this program's 56"},
                      Fault{"no_step", "its function step is NULL"},
                      Fault{"name", "its name is \"a/b\\n\"; it must be of letters"},
                      Fault{"no_name", "its name is \"\""}, Fault{"version", "version is 0; it must be from 1"},
                      Fault{"horizon", "its horizon is 0; it must be a whole number from 1"},
                      Fault{"no_observation", "its observation has no numbers"},
                      Fault{"huge", "observation_size is 4294967295; it must be at most"},
                      Fault{"bounds", "number 0 of its observation is from 100 to 0"},
                      Fault{"kind", "action_kind is 9; it must be NMN_BOX or NMN_CHOICES"},
                      Fault{"one_choice", "action.discrete is 1; it must be from 2"},
                      Fault{"no_choices", "choices is NULL"},
                      Fault{"no_actions", "action_size is 0; it must be from 1"},
                      Fault{"nan_bound", "action.box.low[0] is nan; it must be below"},
                      Fault{"create", "create returned NULL: no licence for 7 steps"}),
    NameOf);

class FailingPlugin : public ::testing::TestWithParam<Fault> {};
TEST_P(FailingPlugin, IsOneLineThatNamesEnvironmentStepAndCause) {
  const auto lanes = Make(GetParam().name, 3);
  ASSERT_TRUE(lanes.ok()) << lanes.status();
  const absl::Status status = Played::Episodes(**lanes, kKey, 3).status();
  EXPECT_TRUE(absl::IsAborted(status) || absl::IsOutOfRange(status)) << status;
  EXPECT_EQ(MessageOf(status),
            std::string("task ") + SEEDS_PLUGIN + ", environment 1 (update 2, episode 41), " + GetParam().words);
  EXPECT_FALSE(Played::Episodes(**lanes, kKey, 3).ok()) << "it fails again";
}
INSTANTIATE_TEST_SUITE_P(
    Of, FailingPlugin,
    ::testing::Values(Fault{"reset", "reset: it returned 3: the motor is\\ntoo hot"},
                      Fault{"step", "step 2: it returned -5: the motor is\\ntoo hot"},
                      Fault{"nan",
                            "step 2: number 0 of the observation is nan; it must be a number of at most "
                            "1e+06 in magnitude"},
                      // A comparison with it would end the process.
                      Fault{"traps",
                            "step 2: number 0 of the observation is nan; it must be a number of at most "
                            "1e+06 in magnitude"},
                      Fault{"outside", "step 2: number 0 of the observation is 101, and its space says 0 to 100"},
                      Fault{"infinite",
                            "step 2: the reward is inf; it must be a number of at most 1e+06 in "
                            "magnitude"},
                      Fault{"forgets",
                            "step 2: the reward is nan; it must be a number of at most 1e+06 in "
                            "magnitude"},
                      Fault{"end", "step 2: trial_end is 7; it must be 0, 1 or 2"}),
    NameOf);

TEST(Plugin, ATaskWithoutTrialsEndsNone) {
  const auto lanes = Make("no_trials", 2);
  ASSERT_TRUE(lanes.ok()) << lanes.status();
  EXPECT_FALSE((*lanes)->found().spec.has_trials());
  EXPECT_EQ((*lanes)->found().spec.measures_size(), 0);
  EXPECT_THAT(MessageOf(Played::Episodes(**lanes, kKey, 2).status()),
              HasSubstr("step 2: trial_end is 1, and has_trials of the spec is 0"));
}

TEST(Plugin, WhatItDoesToRoundingEndsWithItsCall) {
  const auto lanes = Make("rounding", 2);
  ASSERT_TRUE(lanes.ok()) << lanes.status();
  ASSERT_TRUE(Played::Episodes(**lanes, kKey, 2).ok());
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(Plugin, TheNextResetBeginsAnew) {
  const auto lanes = Make("once", 3);
  ASSERT_TRUE(lanes.ok()) << lanes.status();
  EXPECT_THAT(MessageOf(Played::Episodes(**lanes, kKey, 3).status()), HasSubstr("too hot"));
  const auto again = Played::Episodes(**lanes, kKey, 3);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, Played::Episodes(**Make("", 3), kKey, 3).value());
}

TEST(Plugin, ItsSpecIsTheTask) {
  const auto lanes = Make("several", 2, 5);
  ASSERT_TRUE(lanes.ok()) << lanes.status();
  const v1::TaskSpec& spec = (*lanes)->found().spec;
  EXPECT_EQ(spec.name(), "seeds");
  EXPECT_EQ(spec.horizon(), 5) << "of the options";
  EXPECT_EQ(spec.observation_size(), 3);
  EXPECT_TRUE(spec.has_trials());
  EXPECT_THAT(spec.action().multi_discrete().choices(), ElementsAre(3, 4));
  EXPECT_EQ((*Make("", 2))->found().spec.action().discrete(), 2);
  EXPECT_TRUE(std::isinf((*Make("box", 2))->found().spec.action().box().high(0)));
}

// Trials, the seeds of each and the numbers of every lane are those of the same task in Python.
TEST_F(PoolTest, ATaskInALibraryIsPlayedAsInPython) {
  const auto lanes = Make("", 3);
  ASSERT_TRUE(lanes.ok()) << lanes.status();
  const auto pool = WorkerPool::Start(Task("tasks:Seeds"), 3);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(Played::Episodes(**lanes, kKey, 3).value(), Played::Episodes(**pool, kKey, 3).value());
}

class WrongFile : public ::testing::Test {
 protected:
  std::string Refusal(const std::string& file) const {
    const std::string message = MessageOf(LoadPlugin(file).status());
    EXPECT_THAT(message, HasSubstr("--task_plugin=" + file + ": "));
    return message;
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(WrongFile, ThatIsNotThere) {
  EXPECT_THAT(Refusal(folder_.path() + "/none.so"), HasSubstr("it cannot be found (No such file or directory); give"));
}

TEST_F(WrongFile, ThatIsAFolder) {
  EXPECT_THAT(Refusal(folder_.path()), HasSubstr("it is no file; give the path of a shared library"));
}

TEST_F(WrongFile, ThatIsNoLibrary) {
  const std::string file = folder_.path() + "/task.c";
  testing::WriteFile(file, "int x;\n");
  const std::string message = Refusal(file);
  EXPECT_THAT(message, HasSubstr("it cannot be loaded: "));
  EXPECT_THAT(message, HasSubstr("; it must be a shared library for this machine"));
}

TEST_F(WrongFile, ThatIsTheBeginningOfALibrary) {
  const std::string whole = testing::ReadFile(SEEDS_PLUGIN), file = folder_.path() + "/cut.so";
  testing::WriteFile(file, whole.substr(0, 5000));
  EXPECT_THAT(Refusal(file), HasSubstr("it is cut short; copy or build it once more"));
  testing::WriteFile(file, whole.substr(0, 100));
  EXPECT_THAT(Refusal(file), HasSubstr("it is cut short"));
}

TEST_F(WrongFile, ThatHasNoTask) {
  EXPECT_THAT(Refusal(NO_PLUGIN), HasSubstr("it has no function nmn_task_plugin; a task defines it as nmn/task.h"));
}

// A name without a / is a file of this folder, and not what the loader finds elsewhere.
TEST_F(WrongFile, ThatTheLoaderWouldFindElsewhere) {
  EXPECT_THAT(Refusal("libm.so.6"), HasSubstr("it cannot be found"));
}

}  // namespace
}  // namespace nmn::bridge
