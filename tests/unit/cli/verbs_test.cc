// The verbs as real processes: what a person types, and what a script reads.

#include <absl/strings/str_format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/env/environment.h"
#include "tests/support/subprocess.h"
#include "tests/unit/cli/policy_fixture.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Outcome Nmn(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), Binary("nmn"));
  return RunProcess(std::move(arguments), std::chrono::seconds(60), std::move(environment));
}

void ExpectOneLineError(const Outcome& outcome, const std::string& words) {
  EXPECT_EQ(outcome.code, 42);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr(words));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(Nmn, SaysItsVersionAndCommit) {
  const Outcome outcome = Nmn({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, ::testing::MatchesRegex("nmn [0-9.]+ \\([0-9a-z-]+\\)\n"));
}

TEST(Nmn, AnUnknownVerbIsNamed) { ExpectOneLineError(Nmn({"evl"}), "unknown verb evl; did you mean eval?"); }

TEST(Nmn, AnUnknownFlagIsNamed) {
  ExpectOneLineError(Nmn({"version", "--jsonn"}), "unknown flag --jsonn; did you mean --json? See nmn version --help");
  ExpectOneLineError(Nmn({"report", "--outt=x"}), "unknown flag --outt=x; did you mean --out?");
}

TEST(Nmn, AMissingVerbSaysWhereToRead) { ExpectOneLineError(Nmn({}), "see nmn --help"); }

TEST(NmnVersion, PrintsOneJsonObjectWithTheBlasThatIsLoaded) {
  // The flag comes from the environment, as every flag can.
  const Outcome outcome = Nmn({"version"}, {"NMN_JSON=1", "OPENBLAS_NUM_THREADS=1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(json.at("products_correct").get<bool>());
  for (const char* name :
       {"commit", "grpc", "protobuf", "libtorch", "abseil", "highway", "openssl", "simd_target", "blas"}) {
    EXPECT_NE(json.at(name), "") << name;
  }
}

TEST(NmnEval, TheLastLineOfStdoutIsOneJsonObject) {
  const Outcome outcome = Nmn({"eval", "--benchmark=b1", "--policy=oracle", "--episodes=300", "--seed=3", "--set",
                               "env.domain=paper", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json.at("episodes"), 300);
  EXPECT_EQ(json.at("return_mean"), 14000);
  EXPECT_EQ(json.at("return_sem"), 0);
  for (const char* name : {"discounted_mean", "discounted_sem", "distance_mean", "distance_sem"})
    EXPECT_TRUE(json.at(name).is_number());
}

TEST(NmnEval, SetsSeveralFields) {
  const Outcome outcome = Nmn({"eval", "--benchmark=b2", "--policy=zero", "--episodes=2", "--set", "env.horizon=10",
                               "--set", "env.cone=0.5", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(nlohmann::json::parse(outcome.out).at("adaptation").contains("9"));
}

TEST(NmnEval, ABadNameIsOneLine) {
  ExpectOneLineError(Nmn({"eval", "--benchmark=b1", "--policy=wizard"}),
                     "a run directory, a checkpoint or a .safetensors file");
}

TEST(NmnEval, ABenchmarkThatIsNotThePolicysOwnIsNamedBesideIt) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/policy.safetensors";
  testing::WriteFile(file, Encode(MakePolicy("reference", "b1", "nmn")));
  ExpectOneLineError(Nmn({"eval", "--benchmark=b2", "--policy=" + file}),
                     "--task=b2, but " + file + " was trained on b1");
}

TEST(NmnEval, ANetworkOfOtherRulesOfItsTaskIsRefused) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/policy.safetensors";
  policy::NetworkPolicy policy = MakePolicy("reference", "b1", "nmn");
  policy.config.mutable_task()->set_version(2);
  testing::WriteFile(file, Encode(policy));
  ExpectOneLineError(Nmn({"eval", "--policy=" + file}),
                     "another task than this program's: task.version is 1, the run's is 2");
}

TEST(NmnTrace, AFileThatCannotBeWrittenIsNamed) {
  ExpectOneLineError(Nmn({"trace", "--benchmark=b1", "--policy=zero", "--csv=/nowhere/trace.csv"}),
                     "/nowhere/trace.csv");
}

TEST(NmnTask, ListNamesEveryTaskAndItsRules) {
  const Outcome outcome = Nmn({"task", "list"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const std::string& task : env::TaskNames()) EXPECT_THAT(outcome.out, HasSubstr("\n" + task + " "));
  EXPECT_THAT(outcome.out, HasSubstr("thompson"));
}

TEST(NmnTask, TheListForPrograms) {
  const Outcome outcome = Nmn({"task", "list", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto tasks = nlohmann::json::parse(outcome.out);
  std::vector<std::string> names;
  for (const auto& task : tasks) names.push_back(task.at("task"));
  EXPECT_EQ(names, env::TaskNames());
  for (const auto& task : tasks) {
    if (task.at("task") != "bandit") continue;
    EXPECT_EQ(task.at("title"), "Bernoulli bandit");
    EXPECT_EQ(task.at("horizon"), 100);
    EXPECT_EQ(task.at("observation_size"), 1);
    EXPECT_EQ(task.at("action"), "10 choices");
    EXPECT_EQ(task.at("rules"),
              nlohmann::json({"random", "greedy", "thompson", "ucb1", "gittins", "optimal", "oracle"}));
  }
}

TEST(NmnTask, CheckSaysWhatItFoundAndPrintsTheSpec) {
  const Outcome outcome = Nmn({"task", "check", "--task=bandit", "--set", "task.arms=5", "--set", "task.horizon=20"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::AllOf(HasSubstr("5 choices"), HasSubstr("20 steps"), HasSubstr("same bits"),
                                            HasSubstr("name: \"bandit\"\n"), HasSubstr("discrete: 5\n")));
  // The budget is the preset's own.
  const absl::StatusOr<v1::RunConfig> preset = config::Preset("default", "bandit", "nmn");
  ASSERT_TRUE(preset.ok()) << preset.status();
  const uint64_t updates = config::BudgetUpdates(*preset), episodes = preset->ppo().episodes_per_update();
  EXPECT_THAT(outcome.out, HasSubstr(absl::StrFormat(
                               "training       preset default: %d updates of %d episodes, %.3g steps in all: ", updates,
                               episodes, static_cast<double>(updates * episodes * 20))));
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex(": [0-9.e+-]+ (seconds|minutes) of one core in the task alone\n"));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("task_seed"))) << "its code is ours";
}

TEST(Nmn, AWordThatIsNoOperandNamesWhatWasMeant) {
  ExpectOneLineError(Nmn({"eval", "runs/b1-s1"}), "did you mean --policy=runs/b1-s1?");
  ExpectOneLineError(Nmn({"sweep", "statu", "sweeps/b1"}), "did you mean nmn sweep status sweeps/b1?");
}

TEST(NmnTask, CheckOfNoTaskNamesThoseThereAre) {
  ExpectOneLineError(Nmn({"task", "check"}), "--task is missing: " + env::ListOfTasks());
  ExpectOneLineError(Nmn({"task", "check", "--task=b9"}), "There are b1, b2, b3, bandit");
  ExpectOneLineError(Nmn({"task", "check", "--task=bandit", "--set", "task.arms=1"}), "env.arms is 1");
}

TEST(NmnEval, PlaysTheBanditsRules) {
  const Outcome outcome = Nmn({"eval", "--task=bandit", "--set", "task.arms=2", "--set", "task.horizon=10",
                               "--policy=optimal", "--episodes=200", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_GT(json.at("return_mean").get<double>(), 5);
  EXPECT_GT(json.at("best_pulls_mean").get<double>(), 5);
  ExpectOneLineError(Nmn({"eval", "--task=bandit", "--policy=optimal"}), "env.arms is 10; optimal plays 2");
  ExpectOneLineError(Nmn({"eval", "--task=bandit", "--policy=adaptive"}),
                     "it must be a trained one, or one of random, greedy, thompson");
}

TEST(NmnEval, AMisspeltRuleIsAnsweredWithTheOneThatWasMeant) {
  ExpectOneLineError(Nmn({"eval", "--task=bandit", "--policy=tompson"}), "; did you mean thompson?");
  ExpectOneLineError(Nmn({"eval", "--task=b1", "--policy=orakle"}), "; did you mean oracle?");
  ExpectOneLineError(Nmn({"eval", "--policy=memoryles"}), "; did you mean memoryless?");
}

TEST(NmnEval, AMisspeltTaskIsAnsweredWithTheOneThatWasMeant) {
  for (const char* verb : {"eval", "trace"})
    ExpectOneLineError(Nmn({verb, "--task=bandti", "--policy=random"}), "did you mean bandit?");
  ExpectOneLineError(Nmn({"task", "check", "bandti"}), "did you mean --task=bandit?");
}

TEST(NmnEval, MoreArmsThanThereAreMayBeIsARangeError) {
  ExpectOneLineError(Nmn({"eval", "--task=bandit", "--set", "task.arms=2000000000", "--policy=random"}),
                     "env.arms is 2000000000; it must be in [2, 1024], or 0 for 10");
  ExpectOneLineError(Nmn({"train", "--task=bandit", "--set", "task.arms=2000000000", "--print_config"}),
                     "env.arms is 2000000000; it must be in [2, 1024], or 0 for 10");
}

TEST(NmnStatus, WithoutALearnerMayWorkLater) {
  const Outcome outcome = Nmn({"status", "127.0.0.1:1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no learner answers at 127.0.0.1:1"));
}

TEST(NmnReport, DrawsIntoTheRunDirectoryAndPrintsATable) {
  testing::TemporaryDirectory folder;
  const std::string run = MakeRun(folder, "a", 1, 4, 0);
  const Outcome outcome = Nmn({"report", run, "--adaptation"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1.50         0.75       12.5"));
  EXPECT_THAT(testing::ReadFile(run + "/learning_curve.png"), StartsWith("\x89PNG"));
  EXPECT_THAT(testing::ReadFile(run + "/adaptation.svg"), HasSubstr("<svg"));
}

}  // namespace
}  // namespace nmn::cli
