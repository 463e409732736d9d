// Evaluation while training: what it finds, that no bit depends on it, and that a run may end by it.

#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kUpdates = 7;
const std::vector<std::string> kEvaluated = {"--seed=7", "--set", "eval.every_updates=2", "--set", "eval.episodes=30"};
const char kSeed[] = "--seed=9223372036854775815";  // 7 + 2^63

std::vector<std::string> With(std::vector<std::string> flags, const std::vector<std::string>& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// The evaluations of metrics.jsonl, in order.
std::vector<json> Evaluations(const std::string& run) {
  std::vector<json> evaluations;
  for (const json& line : ReadMetrics(run)) {
    if (!line.contains("evaluation")) continue;
    EXPECT_EQ(line["evaluation"]["update"], line["update"]);
    evaluations.push_back(line["evaluation"]);
  }
  return evaluations;
}

// What `nmn eval` says of the same episodes.
json Eval(const std::string& policy) {
  const Outcome outcome = RunProcess({Binary("nmn"), "eval", "--policy=" + policy, "--episodes=30", kSeed, "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return json::parse(outcome.out);
}

class Evaluated : public ::testing::Test {
 protected:
  // One run of kEvaluated for all tests.
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    const Outcome outcome = RunProcess(TinyTrain(Run(), kUpdates, With(kEvaluated, {"--actors=1"})));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("evaluation "));
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Run() { return folder_->path() + "/run"; }

  static TemporaryDirectory* folder_;
};
TemporaryDirectory* Evaluated::folder_ = nullptr;

TEST_F(Evaluated, ChangesNoBitOfTraining) {
  TemporaryDirectory folder;
  ASSERT_EQ(RunProcess(TinyTrain(folder.path() + "/run", kUpdates, {"--seed=7"})).code, 0);
  EXPECT_EQ(WeightsHash(Run()), WeightsHash(folder.path() + "/run"));
  EXPECT_TRUE(Evaluations(folder.path() + "/run").empty());
  EXPECT_FALSE(ReadSummary(folder.path() + "/run").contains("best_evaluation"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/run/policy-best.safetensors"));
}

TEST_F(Evaluated, FindsWhatNmnEvalFinds) {
  const std::vector<json> evaluations = Evaluations(Run());
  ASSERT_EQ(evaluations.size(), 3u);
  json best = evaluations[0];
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(evaluations[i]["update"], 2 * (i + 1));
    EXPECT_EQ(evaluations[i]["episodes"], 30);
    if (evaluations[i]["discounted_mean"] > best["discounted_mean"]) best = evaluations[i];
  }
  const json summary = ReadSummary(Run());
  EXPECT_EQ(summary["last_evaluation"], evaluations[2]);
  EXPECT_EQ(summary["best_evaluation"], best);
  EXPECT_EQ(summary["ended_by"], "budget");
  const json played = Eval(Run() + "/policy-best.safetensors");
  for (const char* name : {"return_mean", "return_sem", "discounted_mean", "discounted_sem"}) {
    EXPECT_EQ(played[name], best[name]) << name;
  }
  EXPECT_EQ(Eval(Run() + "/checkpoints/ckpt-00000006")["return_mean"], evaluations[2]["return_mean"]);
}

TEST_F(Evaluated, IsTheSameWithThreeActors) {
  TemporaryDirectory folder;
  ASSERT_EQ(RunProcess(TinyTrain(folder.path() + "/run", kUpdates, With(kEvaluated, {"--actors=3"}))).code, 0);
  EXPECT_EQ(Evaluations(folder.path() + "/run"), Evaluations(Run()));
}

TEST_F(Evaluated, AKilledRunHasEachEvaluationOnceAndItsBestPolicyBack) {
  TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", best = run + "/policy-best.safetensors";
  Subprocess first(TinyTrain(run, kUpdates, kEvaluated));
  ASSERT_TRUE(WaitForUpdate(first, run, 5)) << first.err();
  first.Signal(SIGKILL);
  first.Wait();
  std::filesystem::remove(best);
  const Outcome second = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(WeightsHash(run), WeightsHash(Run()));
  EXPECT_EQ(Evaluations(run), Evaluations(Run()));
  EXPECT_EQ(ReadSummary(run)["best_evaluation"], ReadSummary(Run())["best_evaluation"]);
  EXPECT_EQ(Eval(best), Eval(Run() + "/policy-best.safetensors"));
}

TEST_F(Evaluated, EndsTheRunOnceItReachesTheReturn) {
  TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  const Outcome outcome =
      RunProcess(TinyTrain(run, kUpdates, With(kEvaluated, {"--set", "budget.stop_at_return=-1000000"})));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json summary = ReadSummary(run);
  EXPECT_EQ(summary["updates"], 2);
  EXPECT_EQ(summary["complete"], true);
  EXPECT_EQ(summary["ended_by"], "stop_at_return");
  const std::vector<std::string> resume = {Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"};
  const Outcome again = RunProcess(resume);
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("it reached budget.stop_at_return"));
  const Outcome further = RunProcess(With(resume, {"--set", "budget.stop_at_return="}));
  ASSERT_EQ(further.code, 0) << further.err;
  summary = ReadSummary(run);
  EXPECT_EQ(summary["updates"], kUpdates);
  EXPECT_EQ(summary["ended_by"], "budget");
  EXPECT_EQ(WeightsHash(run), WeightsHash(Run()));
}

TEST(StopAtReturn, WithoutEvaluationIsOfTheLastThousandEpisodesOnceThereAreSoMany) {
  TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  const Outcome outcome = RunProcess(
      TinyTrain(run, 4,
                {"--set", "budget.stop_at_return=-1000000", "--set", "ppo.episodes_per_update=500", "--set",
                 "ppo.critic.replay_episodes=500", "--set", "work.unit_episodes=50", "--set", "ppo.policy.epochs=1"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(ReadSummary(run)["updates"], 2);
  EXPECT_EQ(ReadSummary(run)["ended_by"], "stop_at_return");
}

TEST(StopAtReturn, ARunThatNeverReachesItEndsByItsBudget) {
  TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 3, With(kEvaluated, {"--set", "budget.stop_at_return=1000000"}))).code, 0);
  EXPECT_EQ(ReadSummary(run)["updates"], 3);
  EXPECT_EQ(ReadSummary(run)["ended_by"], "budget");
}

}  // namespace
}  // namespace nmn::testing
