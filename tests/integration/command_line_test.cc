// The command line of the three programs, as a person or a script meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <regex>
#include <set>

#include "common/flags/arguments.h"
#include "common/flags/environment.h"
#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kPermanent = 42;

Outcome Nmn(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), Binary("nmn"));
  return RunProcess(std::move(arguments), std::chrono::seconds(60), std::move(environment));
}

void ExpectRefused(const Outcome& outcome, const ::testing::Matcher<std::string>& message) {
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, message);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

// The flags in what a program says of itself, as variables.
std::set<std::string> VariablesIn(const std::vector<std::string>& program) {
  std::vector<std::string> arguments = program;
  arguments.push_back("--help");
  const Outcome help = RunProcess(arguments);
  EXPECT_EQ(help.code, 0) << help.err;
  std::set<std::string> variables;
  // "  --run_dir=DIR"
  static const std::regex pattern("\n  --([a-z_]+)");
  for (std::sregex_iterator match(help.out.begin(), help.out.end(), pattern), end; match != end; ++match) {
    if (!flags::IsQuestion((*match)[1])) variables.insert(flags::VariableOf((*match)[1]));
  }
  return variables;
}

TEST(CommandLine, EveryFlagOfEveryProgramIsAVariableThatTheOthersKnow) {
  std::set<std::string> variables;
  for (const std::string program : {"nmn-learner", "nmn-actor"}) variables.merge(VariablesIn({Binary(program)}));
  for (const std::string verb :
       {"train", "eval", "trace", "export", "report", "sweep", "replay", "status", "bench", "version"})
    variables.merge(VariablesIn({Binary("nmn"), verb}));
  variables.merge(VariablesIn({Binary("nmn"), "sweep", "status"}));
  ASSERT_TRUE(variables.count("NMN_RUN_DIR") == 1 && variables.count("NMN_CONNECT_TIMEOUT") == 1);
  const std::vector<std::string>& known = flags::KnownVariables();
  for (const std::string& variable : variables)
    EXPECT_NE(std::find(known.begin(), known.end(), variable), known.end())
        << variable << " is not in common/flags/environment.cc";
}

// The seed that `nmn train` understands, from the config it prints.
std::string SeedOf(const std::vector<std::string>& flags, std::vector<std::string> environment = {}) {
  std::vector<std::string> arguments = {"train", "--benchmark=b1", "--print_config"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const Outcome outcome = Nmn(arguments, std::move(environment));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::smatch match;
  static const std::regex pattern("(^|\n)seed: ([0-9]+)");
  return std::regex_search(outcome.out, match, pattern) ? match[2].str() : "none";
}

TEST(CommandLine, OneTextIsOneNumberWhereverItStands) {
  EXPECT_EQ(SeedOf({"--seed=010"}), "10");
  EXPECT_EQ(SeedOf({"--seed", "08"}), "8");
  EXPECT_EQ(SeedOf({"--set", "seed=010"}), "10");
  EXPECT_EQ(SeedOf({}, {"NMN_SEED=010"}), "10");
}

TEST(CommandLine, WhatIsNoSeedIsRefusedWhereverItStands) {
  for (const std::string value : {"-1", "18446744073709551616", "0x10"}) {
    ExpectRefused(Nmn({"train", "--benchmark=b1", "--print_config", "--seed=" + value}), HasSubstr("--seed=" + value));
    ExpectRefused(Nmn({"train", "--benchmark=b1", "--print_config"}, {"NMN_SEED=" + value}),
                  HasSubstr("NMN_SEED=" + value));
    ExpectRefused(Nmn({"train", "--benchmark=b1", "--print_config", "--set", "seed=" + value}),
                  AllOf(HasSubstr("seed takes a whole number"), HasSubstr(value)));
    ExpectRefused(Nmn({"eval", "--benchmark=b1", "--policy=zero", "--episodes=1", "--seed=" + value}),
                  HasSubstr("--seed=" + value));
  }
}

TEST(CommandLine, AnUnsetVariableOfTheShellSwallowsNoFlag) {
  TemporaryDirectory directory;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  ExpectRefused(Nmn({"train", "--benchmark=b1", "--run_dir=", "--updates=1"}), HasSubstr("--run_dir= has no value"));
  ExpectRefused(Nmn({"report", "runs", "--out=", "--each"}), HasSubstr("--out= has no value"));
  ExpectRefused(Nmn({"sweep", "sweep", "--benchmark=b1", "--seeds=1", "--registry=", "--jobs=2"}),
                HasSubstr("--registry= has no value"));
  ExpectRefused(RunProcess({Binary("nmn-actor"), "--learner=", "--lanes=1"}), HasSubstr("--learner= has no value"));
  ExpectRefused(RunProcess({Binary("nmn-learner"), "--config", "--resume"}), HasSubstr("--config has no value"));
  std::filesystem::current_path(before);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(CommandLine, AMisspeltVariableIsRefusedByEveryProgram) {
  ExpectRefused(Nmn({"train", "--benchmark=b1", "--print_config"}, {"NMN_SEDE=3"}),
                AllOf(HasSubstr("NMN_SEDE"), HasSubstr("NMN_SEED")));
  ExpectRefused(RunProcess({Binary("nmn-learner"), "--config=x"}, std::chrono::seconds(60), {"NMN_RUNDIR=x"}),
                AllOf(HasSubstr("NMN_RUNDIR"), HasSubstr("NMN_RUN_DIR")));
  ExpectRefused(RunProcess({Binary("nmn-actor"), "--learner=localhost:1"}, std::chrono::seconds(60), {"NMN_LANE=1"}),
                AllOf(HasSubstr("NMN_LANE"), HasSubstr("NMN_LANES")));
}

TEST(CommandLine, ABenchmarkThatIsNearlyOneIsAnsweredWithIt) {
  ExpectRefused(Nmn({"train", "--benchmark=B1"}), AllOf(HasSubstr("task B1"), HasSubstr("did you mean b1?")));
  ExpectRefused(Nmn({"train", "--benchmark=b1", "--preset=fsat"}), HasSubstr("did you mean fast?"));
}

// Flags that a verb refuses together: each of the command line wins over the other's variable, and two variables are
// refused by their names.
TEST(CommandLine, WinsOverVariablesOfFlagsThatExcludeThoseItHas) {
  struct Row {
    std::vector<std::string> verb;
    std::string one, other;
    std::string refusal;  // of both
  };
  const TemporaryDirectory folder;
  const std::string config = folder.path() + "/config.textproto", out = folder.path() + "/out";
  WriteFile(config, Nmn({"train", "--benchmark=b1", "--print_config"}).out);
  const std::vector<Row> rows = {
      {{"train", "--benchmark=b1", "--print_config"}, "--updates=5", "--episodes=100", "exclude each other"},
      {{"sweep", folder.path() + "/sweep", "--benchmark=b1", "--seeds=1", "--engine=kubernetes"},
       "--updates=5",
       "--episodes=1000",
       "exclude each other"},
      {{"train", "--print_config"}, "--config=" + config, "--task=b1", "excludes --task"},
      {{"trace", "--policy=zero", "--task=b1", "--set=task.horizon=2"},
       "--npz=" + out + ".npz",
       "--out=" + out + ".csv",
       "both name the file"},
      {{"trace", "--policy=docs/results/policies/b1-nmn.safetensors", "--set=task.horizon=2"},
       "--mean",
       "--temperature=2",
       "contradict each other"},
  };
  const auto variable = [](const std::string& flag) {
    const size_t equals = flag.find('=');
    return flags::VariableOf(flag.substr(2, equals == std::string::npos ? equals : equals - 2)) + "=" +
           (equals == std::string::npos ? "true" : flag.substr(equals + 1));
  };
  const auto name = [](const std::string& said) { return said.substr(0, said.find('=')); };
  for (const Row& row : rows) {
    const auto call = [&](const std::vector<std::string>& given, const std::vector<std::string>& environment) {
      std::filesystem::remove_all(folder.path() + "/sweep");
      std::vector<std::string> arguments = row.verb;
      arguments.insert(arguments.end(), given.begin(), given.end());
      return Nmn(arguments, environment);
    };
    ExpectRefused(call({row.one, row.other}, {}), HasSubstr(row.refusal));
    for (const auto& [flag, other] : {std::pair{row.one, row.other}, {row.other, row.one}}) {
      const Outcome outcome = call({flag}, {variable(other)});
      EXPECT_EQ(outcome.code, 0) << flag << " with " << variable(other) << ": " << outcome.err;
      EXPECT_EQ(outcome.out, call({flag}, {}).out) << flag << " with " << variable(other);
    }
    ExpectRefused(call({}, {variable(row.one), variable(row.other)}),
                  AllOf(HasSubstr(name(variable(row.one))), HasSubstr(name(variable(row.other)))));
  }
  for (const char* said : {"NMN_PRESET=paper", "NMN_ARCH=rnn"})
    EXPECT_EQ(Nmn({"train", "--print_config", "--config=" + config}, {said}).out, ReadFile(config)) << said;
}

TEST(CommandLine, ARunToResumeThatIsNotThereIsSaid) {
  TemporaryDirectory directory;
  const std::string nowhere = directory.path() + "/nothere";
  ExpectRefused(Nmn({"train", "--resume", "--run_dir=" + nowhere}),
                AllOf(HasSubstr("--run_dir=" + nowhere), HasSubstr("no run to continue")));
  EXPECT_FALSE(std::filesystem::exists(nowhere));
}

// With what to begin it is a run that begins, as a scheduler wants it; a person may have mistyped the directory.
TEST(CommandLine, AResumeThatBeginsARunSaysSo) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  const std::string begins = "--resume: there is no checkpoint in " + run + ", so a new run begins there";
  const Outcome first = RunProcess(TinyTrain(run, 1, {"--metrics=off", "--resume"}));
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr(begins));
  const Outcome second = RunProcess(TinyTrain(run, 2, {"--metrics=off", "--resume"}));
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_THAT(second.err, AllOf(HasSubstr("resumed " + run), ::testing::Not(HasSubstr("a new run begins"))));
}

// The command after "continue with: ".
std::string Hint(const std::string& err) {
  const std::string before = "continue with: ";
  const size_t at = err.find(before);
  if (at == std::string::npos) return "";
  return err.substr(at + before.size(), err.find_first_of("\n\"", at) - at - before.size());
}

// Stops a run in a directory with a blank in its name, and goes on with what it says.
TEST(CommandLine, TheHintOfAStoppedRunIsACommandThatGoesOn) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/my run's";
  Subprocess first(TinyTrain(run, 100000, {"--metrics=off", "--actors=1"}));
  ASSERT_TRUE(WaitForUpdate(first, run, 1)) << first.err();
  first.Signal(SIGTERM);
  ASSERT_EQ(first.Wait(), 75) << first.err();
  const std::string hint = Hint(first.err());
  EXPECT_THAT(hint, AllOf(HasSubstr("nmn train --resume --run_dir='"), HasSubstr(" --metrics=off"),
                          HasSubstr(" --actors=1"), HasSubstr(" --no_figure")));
  EXPECT_THAT(hint, ::testing::Not(HasSubstr("--task")));
  const std::string folder = std::filesystem::path(Binary("nmn")).parent_path();
  const int update = UpdatesInMetrics(run).back() + 1;
  const Outcome second =
      RunProcess({"/bin/sh", "-c", "PATH='" + folder + "':$PATH; " + hint + " --updates=" + std::to_string(update)});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(UpdatesInMetrics(run).back(), update);
}

// What nmn train has in its flags is in a learner's config; what a learner is started with may still be odd.
TEST(CommandLine, ALearnerSaysWhatItsConfigIsFor) {
  TemporaryDirectory directory;
  const std::string config = directory.path() + "/run.textproto";
  const Outcome printed = Nmn({"train", "--benchmark=b1", "--preset=fast", "--updates=3", "--print_config"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  WriteFile(config, printed.out);
  const Outcome refused = RunProcess({Binary("nmn-learner"), "--config=" + config, "--updates=3"});
  EXPECT_EQ(refused.code, 42);
  EXPECT_THAT(refused.err, HasSubstr("unknown flag --updates=3; a learner has that in its config; make one with nmn "
                                     "train --updates=.. --print_config > FILE"));
  Subprocess learner({Binary("nmn-learner"), "--config=" + config, "--listen=127.0.0.1:0", "--metrics=off",
                      "--run_dir=" + directory.path() + "/run"});
  EXPECT_TRUE(learner.WaitForOutput("it waits for actors; one on this machine: nmn-actor --learner=127.0.0.1:"));
  EXPECT_TRUE(learner.WaitForOutput("ends before the schedule of ppo.anneal_updates")) << learner.err();
  learner.Signal(SIGTERM);
  EXPECT_EQ(learner.Wait(), 75) << learner.err();
}

// Into a pipe, where a log of a service would be JSON: what a person reads there is the progress.
TEST(CommandLine, TheLogOfNmnTrainIsTextUnlessToldOtherwise) {
  TemporaryDirectory directory;
  const auto log_of = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> flags = {"--log_level=info", "--metrics=off"};
    flags.insert(flags.end(), more.begin(), more.end());
    return RunProcess(TinyTrain(directory.path() + "/" + name, 1, flags)).err;
  };
  EXPECT_THAT(log_of("text", {}),
              AllOf(HasSubstr("actor embedded-0 connected"), ::testing::Not(HasSubstr("{\"time\""))));
  EXPECT_THAT(log_of("json", {"--log_format=json"}),
              HasSubstr("\"program\":\"nmn\",\"message\":\"actor embedded-0 connected\""));
}

TEST(CommandLine, AScheduleThatTheBudgetCutsIsSaidOnce) {
  TemporaryDirectory directory;
  std::vector<std::string> flags = {Binary("nmn"),    "train",
                                    "--benchmark=b1", "--preset=fast",
                                    "--updates=1",    "--no_figure",
                                    "--set",          "env.horizon=20",
                                    "--set",          "ppo.kept_steps=20",
                                    "--set",          "ppo.segment_steps=20",
                                    "--set",          "ppo.valued_steps=20"};
  std::vector<std::string> cut = flags, scaled = flags;
  cut.push_back("--run_dir=" + directory.path() + "/cut");
  scaled.insert(scaled.end(), {"--run_dir=" + directory.path() + "/scaled", "--scale_schedule"});
  const Outcome said = RunProcess(cut);
  ASSERT_EQ(said.code, 0) << said.err;
  const size_t at = said.err.find("ppo.anneal_updates");
  ASSERT_NE(at, std::string::npos) << said.err;
  EXPECT_EQ(said.err.find("ppo.anneal_updates", at + 1), std::string::npos);
  const Outcome silent = RunProcess(scaled);
  ASSERT_EQ(silent.code, 0) << silent.err;
  EXPECT_THAT(silent.err, ::testing::Not(HasSubstr("ppo.anneal_updates")));
  EXPECT_THAT(ReadFile(directory.path() + "/scaled/config.textproto"), HasSubstr("anneal_updates: 1\n"));
}

}  // namespace
}  // namespace nmn::testing
