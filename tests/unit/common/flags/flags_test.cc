#include "common/flags/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nmn::flags {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

constexpr int kPermanent = 42;

// A program with one verb that has an option of every kind.
class CommandLine : public ::testing::Test {
 protected:
  void SetUp() override {
    CLI::App* verb = app_.add_subcommand("play", "");
    verb->add_option("DIRECTORY", directory_);
    verb->add_option("--seed", seed_);
    verb->add_option("--updates", updates_);
    verb->add_option("--offset", offset_);
    verb->add_option("--seconds", seconds_)->check(CLI::Range(0.0, 60.0));
    verb->add_option("--threads", threads_)->capture_default_str()->check(CLI::Range(1, 1024));
    verb->add_option("--run_dir", run_dir_);
    verb->add_option("--task,--benchmark", task_);
    verb->add_option("--until", until_)->delimiter(',');
    verb->add_option("--set", set_)->take_all()->delimiter('\0');
    verb->add_flag("--each", each_);
    verb->callback([this] { played_ = true; });
    app_.require_subcommand(1);
  }
  void TearDown() override {
    for (const std::string& name : variables_) unsetenv(name.c_str());
  }
  void Environment(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    variables_.push_back(name);
  }
  using Elsewhere = std::function<std::string(const std::string&)>;
  std::optional<int> Parse(std::vector<std::string> arguments, const std::function<usage::Kinds()>& kinds = nullptr,
                           const Elsewhere& elsewhere = nullptr) {
    arguments.insert(arguments.begin(), "tool");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    CaptureStderr();
    const std::optional<int> code =
        flags::Parse(app_, static_cast<int>(argv.size()) - 1, argv.data(), kinds, elsewhere);
    said_ = GetCapturedStderr();
    return code;
  }
  // The one line on stderr of a call that is refused before the verb runs.
  std::string Refusal(std::vector<std::string> arguments, const std::function<usage::Kinds()>& kinds = nullptr,
                      const Elsewhere& elsewhere = nullptr) {
    const std::optional<int> code = Parse(std::move(arguments), kinds, elsewhere);
    EXPECT_EQ(code, kPermanent);
    EXPECT_FALSE(played_);
    EXPECT_EQ(std::count(said_.begin(), said_.end(), '\n'), 1) << said_;
    return said_;
  }

  CLI::App app_{"", "tool"};
  std::string directory_;
  std::optional<uint64_t> seed_;
  std::optional<uint32_t> updates_;
  int offset_ = 0;
  double seconds_ = 0;
  int threads_ = 1;
  std::string run_dir_;
  std::string task_;
  std::vector<double> until_;
  std::vector<std::string> set_;
  bool each_ = false;
  bool played_ = false;
  std::string said_;
  std::vector<std::string> variables_;
};

TEST_F(CommandLine, LeadingZerosAreDecimal) {
  ASSERT_EQ(Parse({"play", "--seed=010", "--updates", "08", "--offset=-012", "--threads=016"}), std::nullopt) << said_;
  EXPECT_EQ(seed_, 10u);
  EXPECT_EQ(updates_, 8u);
  EXPECT_EQ(offset_, -12);
  EXPECT_EQ(threads_, 16);
}

TEST_F(CommandLine, TwoVariablesOfOneFlagAreRefusedWhereTheyDiffer) {
  Environment("NMN_TASK", "b1");
  Environment("NMN_BENCHMARK", "b1");
  EXPECT_EQ(Parse({"play"}), std::nullopt) << said_;
  Environment("NMN_BENCHMARK", "b2");
  played_ = false;
  EXPECT_THAT(Refusal({"play"}), HasSubstr("the environment has NMN_TASK=b1 and NMN_BENCHMARK=b2, which are one flag"));
  EXPECT_EQ(Parse({"play", "--task=b3"}), std::nullopt) << said_;
}

TEST_F(CommandLine, AMissingVerbIsAskedForByName) {
  EXPECT_EQ(Refusal({}), "tool: a verb is missing: play; see tool --help\n");
}

TEST_F(CommandLine, AValueWithoutItsFlagIsToldWhereToStand) {
  EXPECT_THAT(Refusal({"play", "here", "b1"}),
              AllOf(HasSubstr("b1"), HasSubstr("behind its flag, as in --flag=value")));
}

TEST_F(CommandLine, ASynonymIsTheSameFlagOnTheCommandLineAndInTheEnvironment) {
  ASSERT_EQ(Parse({"play", "--benchmark=b1"}), std::nullopt) << said_;
  EXPECT_EQ(task_, "b1");
  Environment("NMN_BENCHMARK", "b2");
  ASSERT_EQ(Parse({"play"}), std::nullopt) << said_;
  EXPECT_EQ(task_, "b2");
  ASSERT_EQ(Parse({"play", "--benchmark=b1"}), std::nullopt) << said_;
  EXPECT_EQ(task_, "b1");
}

TEST_F(CommandLine, ASynonymBesideItsFlagIsGivenTwice) {
  EXPECT_THAT(Refusal({"play", "--task=b1", "--benchmark=b2"}), HasSubstr("given twice: b1 and b2"));
}

TEST_F(CommandLine, TheGreatestSeedIsOne) {
  ASSERT_EQ(Parse({"play", "--seed=18446744073709551615"}), std::nullopt) << said_;
  EXPECT_EQ(seed_, UINT64_MAX);
}

TEST_F(CommandLine, WhatIsNoWholeNumberNamesFlagValueAndLegalValues) {
  for (const char* value : {"-1", "18446744073709551616", "0x10", "1e3", "+1", " 1", "3.0", "x"}) {
    EXPECT_THAT(Refusal({"play", std::string("--seed=") + value}),
                AllOf(HasSubstr(std::string("--seed=") + value), HasSubstr("from 0 to 18446744073709551615")));
  }
}

TEST_F(CommandLine, ANumberTooLargeForItsFieldIsRefused) {
  EXPECT_THAT(Refusal({"play", "--updates=4294967296"}), HasSubstr("--updates=4294967296 is too large"));
}

TEST_F(CommandLine, ARangeIsSaid) {
  EXPECT_THAT(Refusal({"play", "--threads=many"}),
              HasSubstr("--threads=many: it must be a whole number from 1 to 1024"));
}

TEST_F(CommandLine, OutOfRangeNamesTheFlag) {
  EXPECT_THAT(Refusal({"play", "--threads=0"}), AllOf(HasSubstr("--threads"), HasSubstr("1 to 1024")));
}

TEST_F(CommandLine, NotANumberIsNoDecimal) {
  EXPECT_THAT(Refusal({"play", "--seconds=nan"}), AllOf(HasSubstr("--seconds=nan"), HasSubstr("from 0 to 60")));
}

TEST_F(CommandLine, EveryPartOfAListIsRead) {
  EXPECT_THAT(Refusal({"play", "--until=1,2x"}), HasSubstr("--until=2x: it must be a decimal number"));
}

TEST_F(CommandLine, AListHasNoEmptyPart) {
  EXPECT_THAT(Refusal({"play", "--until=1,,2"}), HasSubstr("--until=1,,2: it must be a list"));
}

TEST_F(CommandLine, AnEmptyValueDoesNotTakeTheNextFlag) {
  EXPECT_THAT(Refusal({"play", "--run_dir=", "--updates=1"}), HasSubstr("--run_dir= has no value"));
}

TEST_F(CommandLine, TheNextFlagIsNoValue) {
  EXPECT_THAT(Refusal({"play", "--run_dir", "--updates=1"}),
              HasSubstr("--run_dir has no value: --updates=1 is the next flag"));
}

TEST_F(CommandLine, TheLastFlagNeedsItsValueToo) {
  EXPECT_THAT(Refusal({"play", "--run_dir"}), HasSubstr("--run_dir has no value"));
}

TEST_F(CommandLine, AnArgumentIsNeverEmpty) { EXPECT_THAT(Refusal({"play", ""}), HasSubstr("an argument is empty")); }

TEST_F(CommandLine, AnEmptySwitchIsRefused) {
  EXPECT_THAT(Refusal({"play", "--each="}), HasSubstr("--each=: it must be true or false"));
}

TEST_F(CommandLine, OneFlagTakesOneValue) {
  ASSERT_EQ(Parse({"play", "--set", "a=1", "--set=b=[1,2]", "directory"}), std::nullopt) << said_;
  EXPECT_THAT(set_, ElementsAre("a=1", "b=[1,2]"));
  EXPECT_EQ(directory_, "directory");
}

TEST_F(CommandLine, AValueGivenTwiceIsRefused) {
  EXPECT_THAT(Refusal({"play", "--seed=3", "--seed=4"}), HasSubstr("--seed is given twice: 3 and 4"));
}

TEST_F(CommandLine, AnUnknownFlagSuggestsANearOne) {
  EXPECT_THAT(Refusal({"play", "--sede=3"}), HasSubstr("tool play: unknown flag --sede=3; did you mean --seed?"));
}

TEST_F(CommandLine, AnUnknownFlagThatIsSomethingElseIsToldWhereThatStands) {
  EXPECT_THAT(Refusal({"play", "--task.arms=5"}), HasSubstr("; did you mean --set task.arms=5?"));
  EXPECT_THAT(Refusal({"--play", "x"}), HasSubstr("; did you mean tool play?"));
  EXPECT_THAT(Refusal({"play", "--policy=runs/a"}),
              HasSubstr("; what stands without a flag is DIRECTORY: did you mean tool play runs/a?"));
  // Not where one stands there already.
  EXPECT_THAT(Refusal({"play", "runs/a", "--metrics=off"}), HasSubstr("unknown flag --metrics=off; see tool play"));
  EXPECT_THAT(Refusal({"play", "--metrics=off", "runs/a"}), HasSubstr("unknown flag --metrics=off; see tool play"));
  EXPECT_THAT(Refusal({"--seed=3", "play"}),
              HasSubstr("flags stand behind the verb: did you mean tool play --seed=3?"));
  EXPECT_THAT(Refusal({"play", "runs/a", "runs/b"}), HasSubstr("tool play takes one DIRECTORY, and a value stands"));
  EXPECT_THAT(Refusal({"play", "--completely-else"}), HasSubstr("unknown flag --completely-else; see tool play"));
}

TEST_F(CommandLine, AFlagOfAnotherProgramIsToldWhatToDo) {
  const auto elsewhere = [](const std::string& flag) {
    return std::string(flag == "--sede" ? "a learner has that in its config" : "");
  };
  EXPECT_THAT(Refusal({"play", "--sede=3"}, nullptr, elsewhere),
              HasSubstr("unknown flag --sede=3; a learner has that in its config; see"));
  EXPECT_THAT(Refusal({"play", "--seeed=3"}, nullptr, elsewhere), HasSubstr("did you mean --seed?"));
}

TEST_F(CommandLine, AVerbBehindAnOperandIsToldToComeFirst) {
  CLI::App* verb = app_.get_subcommand("play");
  verb->add_subcommand("status", "");
  EXPECT_THAT(Refusal({"play", "runs/a", "status"}),
              HasSubstr("the verb comes first; did you mean tool play status runs/a?"));
}

TEST_F(CommandLine, AFolderOrAnAddressWithoutItsFlagIsToldWhichTakesIt) {
  app_.get_subcommand("play")->add_option("--learner", task_)->type_name("ADDRESS");
  EXPECT_THAT(Refusal({"play", "x", "/tmp"}), HasSubstr("did you mean --run_dir=/tmp?"));
  EXPECT_THAT(Refusal({"play", "x", "127.0.0.1:50051"}), HasSubstr("did you mean --learner=127.0.0.1:50051?"));
}

TEST_F(CommandLine, AWordThatIsNoneOfThoseThereAreIsAnsweredWithThem) {
  app_.get_subcommand("play")->add_option("--engine", task_)->check(CLI::IsMember({"local", "slurm"}));
  EXPECT_THAT(Refusal({"play", "--engine=slrum"}),
              HasSubstr("--engine=slrum: it must be one of local, slurm; did you mean slurm?"));
}

TEST_F(CommandLine, OneDashIsTooFew) { EXPECT_THAT(Refusal({"play", "-seed=3"}), HasSubstr("did you mean --seed?")); }

TEST_F(CommandLine, AnUnknownVerbSuggestsANearOne) {
  EXPECT_THAT(Refusal({"paly", "--seed=3"}), HasSubstr("tool: unknown verb paly; did you mean play?"));
}

TEST_F(CommandLine, FlagsComeFromTheEnvironmentToo) {
  Environment("NMN_RUN_DIR", "there");
  Environment("NMN_SEED", "010");
  Environment("NMN_EACH", "1");
  Environment("NMN_UPDATES", "");
  ASSERT_EQ(Parse({"play", "--seed=3"}), std::nullopt) << said_;
  EXPECT_EQ(run_dir_, "there");
  EXPECT_EQ(seed_, 3u) << "the command line wins";
  EXPECT_TRUE(each_);
  EXPECT_EQ(updates_, std::nullopt) << "an empty variable counts as unset";
}

TEST_F(CommandLine, ANumberOfTheEnvironmentIsReadAsOneOfTheCommandLine) {
  Environment("NMN_SEED", "010");
  ASSERT_EQ(Parse({"play"}), std::nullopt) << said_;
  EXPECT_EQ(seed_, 10u);
}

TEST_F(CommandLine, ABadVariableIsNamed) {
  Environment("NMN_SEED", "-1");
  EXPECT_THAT(Refusal({"play"}), HasSubstr("NMN_SEED=-1: it must be a whole number"));
}

TEST_F(CommandLine, AVariableOutOfRangeIsNamed) {
  Environment("NMN_THREADS", "0");
  EXPECT_THAT(Refusal({"play"}), AllOf(HasSubstr("NMN_THREADS"), HasSubstr("1 to 1024")));
}

TEST_F(CommandLine, AVariableCountsForTheVerbThatIsCalledAlone) {
  int number = 0;
  app_.add_subcommand("look", "")->add_option("--threads", number)->check(CLI::Range(2000, 3000));
  app_.add_subcommand("wait", "");
  Environment("NMN_THREADS", "3");
  EXPECT_THAT(Refusal({"look"}), AllOf(HasSubstr("NMN_THREADS"), HasSubstr("2000 to 3000")));
  EXPECT_EQ(Parse({"play"}), std::nullopt);
  EXPECT_EQ(threads_, 3);
  EXPECT_EQ(Parse({"look", "--threads=2500"}), std::nullopt);
  EXPECT_EQ(number, 2500);
  Environment("NMN_THREADS", "0");
  EXPECT_EQ(Parse({"wait"}), std::nullopt);
  EXPECT_EQ(Parse({"play", "--threads=4"}), std::nullopt);
  EXPECT_EQ(threads_, 4);
}

TEST_F(CommandLine, AVariableThatIsNearlyKnownIsRefused) {
  Environment("NMN_SEDE", "3");
  EXPECT_THAT(Refusal({"play"}), AllOf(HasSubstr("NMN_SEDE"), HasSubstr("did you mean NMN_SEED")));
}

TEST_F(CommandLine, AVariableThatNobodyKnowsIsSaidAndIgnored) {
  Environment("NMN_HOME_OF_THE_PROJECT", "/opt/nmn");
  EXPECT_EQ(Parse({"play"}), std::nullopt);
  EXPECT_TRUE(played_);
  EXPECT_THAT(said_, HasSubstr("NMN_HOME_OF_THE_PROJECT, which nothing reads"));
}

// NMN_UPDATE is a flag of another verb, so it is no mistake in itself.
TEST_F(CommandLine, AVariableOfAnotherVerbThatIsNearlyOnesOwnIsSaid) {
  app_.add_subcommand("look", "")->add_option("--update", offset_);
  Environment("NMN_UPDATE", "3");
  EXPECT_EQ(Parse({"play"}), std::nullopt);
  EXPECT_EQ(said_,
            "tool play: the environment has NMN_UPDATE, which tool play does not read; did you mean NMN_UPDATES?\n");
  EXPECT_EQ(updates_, std::nullopt);
  EXPECT_EQ(Parse({"play", "--updates=4"}), std::nullopt);
  EXPECT_EQ(said_, "");
  EXPECT_EQ(Parse({"look"}), std::nullopt);
  EXPECT_EQ(said_, "");
  Environment("NMN_UPDATES", "5");
  EXPECT_EQ(Parse({"play"}), std::nullopt);
  EXPECT_EQ(said_, "");
}

// bash replaces the ~ at the beginning of a word alone.
TEST_F(CommandLine, ATildeThatTheShellHasLeftIsNoFolder) {
  EXPECT_THAT(Refusal({"play", "--run_dir=~/x"}), AllOf(HasSubstr("--run_dir=~/x: "), HasSubstr("write $HOME/x")));
  Environment("NMN_RUN_DIR", "~");
  EXPECT_THAT(Refusal({"play"}), HasSubstr("NMN_RUN_DIR=~: "));
  ASSERT_EQ(Parse({"play", "--run_dir=./~"}), std::nullopt);
  EXPECT_EQ(run_dir_, "./~");
}

TEST_F(CommandLine, HelpIsAVerbToo) {
  EXPECT_EQ(Parse({"help", "play"}), 0);
  EXPECT_EQ(Parse({"help"}), 0);
  EXPECT_THAT(Refusal({"help", "paly"}), HasSubstr("unknown verb paly; did you mean play?"));
  EXPECT_FALSE(played_);
}

TEST_F(CommandLine, AWordThatStandsWhereNoneBelongsIsToldWhichFlagTakesIt) {
  usage::Kinds kinds;
  kinds["TEXT"].words = {"b1", "b2"};
  const std::string said = Refusal({"play", "here", "b1"}, [&] { return kinds; });
  EXPECT_THAT(said, HasSubstr("\"b1\" is not expected here any more; did you mean --"));
  EXPECT_THAT(said, HasSubstr("--task=b1"));
  EXPECT_THAT(Refusal({"play", "here", "b11"}, [&] { return kinds; }), HasSubstr("=b1?"));
}

TEST_F(CommandLine, AFactoryWithoutItsFlagIsToldWhichTakesIt) {
  app_.get_subcommand("play")->add_option("--task_python", task_);
  EXPECT_THAT(Refusal({"play", "x", "tasks:Drift"}), HasSubstr("did you mean --task_python=tasks:Drift?"));
}

TEST_F(CommandLine, AVerbOfVerbsNamesThem) {
  CLI::App* figures = app_.add_subcommand("figures", "");
  figures->require_subcommand(1);
  figures->add_subcommand("figure2", "");
  EXPECT_THAT(Refusal({"figures", "figure4"}), HasSubstr("unknown verb figure4; did you mean figure2?"));
}

TEST_F(CommandLine, VariablesOfTheOtherBinariesAndOfKubernetesAreNoOnesMistake) {
  Environment("NMN_LISTEN", "0.0.0.0:1");
  Environment("NMN_CONNECT_TIMEOUT", "60");
  Environment("NMN_FAILPOINT_SEED", "1");
  Environment("NMN_LEARNER_PORT", "tcp://10.0.0.1:50051");
  Environment("NMN_LEARNER_PORT_50051_TCP_ADDR", "10.0.0.1");
  Environment("NMN_LEARNER_SERVICE_HOST", "10.0.0.1");
  Environment("NMN_LEARNER_SERVICE_PORT_GRPC", "50051");
  EXPECT_EQ(Parse({"play"}), std::nullopt);
  EXPECT_EQ(said_, "");
}

// CLI11 would lose what follows.
TEST_F(CommandLine, OfFlagsThatExcludeEachOtherThatOfTheCommandLineCounts) {
  CLI::App* verb = app_.get_subcommand("play");
  verb->get_option("--seconds")->excludes(verb->get_option("--offset"));
  Environment("NMN_OFFSET", "3");
  EXPECT_EQ(Parse({"play", "--seconds=2"}), std::nullopt) << said_;
  EXPECT_EQ(seconds_, 2);
  EXPECT_EQ(offset_, 0);
}

TEST_F(CommandLine, OfFlagsThatExcludeEachOtherTwoVariablesAreRefusedByTheirNames) {
  CLI::App* verb = app_.get_subcommand("play");
  verb->get_option("--seconds")->excludes(verb->get_option("--offset"));
  Environment("NMN_OFFSET", "3");
  Environment("NMN_SECONDS", "2");
  EXPECT_THAT(Refusal({"play"}), AllOf(HasSubstr("NMN_OFFSET"), HasSubstr("NMN_SECONDS"), HasSubstr("unset one")));
}

TEST_F(CommandLine, ADoubleDashIsRefused) {
  EXPECT_THAT(Refusal({"play", "a", "--", "b"}), HasSubstr("\"--\" is not taken"));
}

// CLI11 would take it for a list.
TEST_F(CommandLine, ANameInBracketsIsThatName) {
  std::vector<std::string> names;
  CLI::App* verb = app_.add_subcommand("report", "");
  verb->add_option("NAMES", names);
  EXPECT_FALSE(Parse({"report", "[a,b]", "c"}));
  EXPECT_THAT(names, ElementsAre("[a,b]", "c"));
  EXPECT_FALSE(Parse({"play", "[x]", "--run_dir=[y]"}));
  EXPECT_EQ(directory_, "[x]");
  EXPECT_EQ(run_dir_, "[y]");
  played_ = false;
  EXPECT_THAT(Refusal({"play", "x", "[y]"}), HasSubstr("\"[y]\" is not expected"));
}

}  // namespace
}  // namespace nmn::flags
