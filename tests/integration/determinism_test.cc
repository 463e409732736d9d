// Promise P1: in sync mode the weights are a function of config, seed, build and CPU type alone.

#include <gmock/gmock.h>
#include <signal.h>

#include <cmath>
#include <filesystem>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kUpdates = 7;

// The hash of an uninterrupted embedded run with one actor, computed once.
const std::string& PlainHash() {
  static const std::string hash = [] {
    TemporaryDirectory directory;
    const Outcome outcome =
        RunProcess(TinyTrain(directory.path() + "/run", kUpdates, {"--seed=7", "--actors=1", "--threads=1"}));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return WeightsHash(directory.path() + "/run");
  }();
  return hash;
}

std::string HashOf(std::vector<std::string> more) {
  TemporaryDirectory directory;
  const Outcome outcome = RunProcess(TinyTrain(directory.path() + "/run", kUpdates, std::move(more)));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return WeightsHash(directory.path() + "/run");
}

TEST(Determinism, HashIsASha256) { EXPECT_EQ(PlainHash().size(), 64u); }

TEST(Determinism, SameSeedGivesTheSameWeightsTwice) { EXPECT_EQ(HashOf({"--seed=7", "--actors=1"}), PlainHash()); }

TEST(Determinism, AnotherSeedGivesOtherWeights) { EXPECT_NE(HashOf({"--seed=8", "--actors=1"}), PlainHash()); }

TEST(Determinism, NumberOfActorsReachesNoResult) {
  EXPECT_EQ(HashOf({"--seed=7", "--actors=2"}), PlainHash());
  EXPECT_EQ(HashOf({"--seed=7", "--actors=5"}), PlainHash());
}

TEST(Determinism, ThreadsAndUnitSizeReachNoResult) {
  EXPECT_EQ(HashOf({"--seed=7", "--threads=2", "--set", "work.unit_episodes=10"}), PlainHash());
}

TEST(Determinism, LearnerAndThreeActorProcessesOverTcpGiveTheSameWeights) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  std::vector<std::string> print = {Binary("nmn"), "train", "--seed=7", "--print_config"};
  const std::vector<std::string> flags = TinyFlags(kUpdates);
  print.insert(print.end(), flags.begin(), flags.end());
  const Outcome config = RunProcess(print);
  ASSERT_EQ(config.code, 0) << config.err;
  WriteFile(directory.path() + "/config.textproto", config.out);

  Subprocess learner({Binary("nmn-learner"), "--config=" + directory.path() + "/config.textproto",
                      "--listen=127.0.0.1:0", "--run_dir=" + run});
  ASSERT_TRUE(learner.WaitForOutput("serving on 127.0.0.1:")) << learner.err();
  const std::string text = learner.err();
  const size_t at = text.find("serving on 127.0.0.1:") + std::string("serving on ").size();
  const std::string address = text.substr(at, text.find_first_not_of("0123456789.:", at) - at);
  std::vector<Subprocess> actors;
  for (int i = 0; i < 3; ++i)
    actors.emplace_back(std::vector<std::string>{Binary("nmn-actor"), "--learner=" + address});
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  for (Subprocess& actor : actors) EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_EQ(WeightsHash(run), PlainHash());
}

// The floor of the policy's log-variance falls with the schedule.
TEST(FallingFloor, IsThatOfTheWeightsWhoeverPlaysThem) {
  TemporaryDirectory directory;
  const std::string whole = directory.path() + "/whole", halves = directory.path() + "/halves";
  std::vector<std::string> flags = {"--seed=7"};
  for (const char* set :
       {"network.min_log_variance=0.5", "network.max_log_variance=1", "ppo.anneal_updates=14",
        "ppo.policy.final_min_log_variance=-1.5", "eval.every_updates=7", "eval.episodes=20", "checkpoint.keep=10"}) {
    flags.insert(flags.end(), {"--set", set});
  }
  const Outcome outcome = RunProcess(TinyTrain(whole, kUpdates, flags));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  // Fresh weights have log-variances near -1, below every floor of these updates.
  for (const nlohmann::json& metrics : ReadMetrics(whole)) {
    const double floor = 0.5 - 2.0 * (metrics["update"].get<double>() - 1) / 14;
    EXPECT_NEAR(metrics["mean_deviation"].get<double>(), std::exp(floor / 2), 1e-3) << metrics["update"];
  }
  std::vector<std::string> three = flags;
  three.push_back("--actors=3");
  ASSERT_EQ(RunProcess(TinyTrain(halves, 3, three)).code, 0);
  ASSERT_EQ(RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + halves, "--metrics=off", "--no_figure",
                        "--updates=" + std::to_string(kUpdates)})
                .code,
            0);
  EXPECT_EQ(WeightsHash(halves), WeightsHash(whole));

  const auto eval = [](const std::string& policy) {
    const Outcome played = RunProcess({Binary("nmn"), "eval", "--policy=" + policy, "--episodes=20",
                                       "--seed=9223372036854775815", "--json"});  // 7 + 2^63
    EXPECT_EQ(played.code, 0) << played.err;
    return nlohmann::json::parse(played.out)["return_mean"].get<double>();
  };
  const double seen = ReadSummary(whole)["last_evaluation"]["return_mean"].get<double>();
  EXPECT_EQ(eval(whole), seen);
  EXPECT_EQ(eval(whole + "/checkpoints/ckpt-00000007"), seen);
  const std::string exported = ReadFile(whole + "/policy.safetensors");
  EXPECT_THAT(exported, HasSubstr("min_log_variance: -0.5\\n"));
  EXPECT_THAT(exported, Not(HasSubstr("final_min_log_variance")));
}

// Training plays ppo.rollout_steps and nothing else does.
TEST(RolloutSteps, GiveTheWeightsOfThatHorizonAndEvaluationsOfTheRunsOwn) {
  TemporaryDirectory directory;
  const std::string whole = directory.path() + "/whole", cut = directory.path() + "/cut";
  const std::vector<std::string> evaluated = {"--seed=7", "--set", "eval.every_updates=7", "--set", "eval.episodes=20"};
  ASSERT_EQ(RunProcess(TinyTrain(whole, kUpdates, evaluated)).code, 0);
  std::vector<std::string> longer = evaluated;
  for (const char* more : {"--set", "env.horizon=400", "--set", "ppo.rollout_steps=120"}) longer.push_back(more);
  const Outcome outcome = RunProcess(TinyTrain(cut, kUpdates, longer));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(WeightsHash(cut), WeightsHash(whole));
  EXPECT_EQ(ReadFile(cut + "/episodes.csv"), ReadFile(whole + "/episodes.csv"));

  const auto eval = [](const std::string& run, std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        Binary("nmn"), "eval", "--policy=" + run, "--episodes=20", "--seed=9223372036854775815", "--json"};  // 7 + 2^63
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome played = RunProcess(arguments);
    EXPECT_EQ(played.code, 0) << played.err;
    return nlohmann::json::parse(played.out);
  };
  const nlohmann::json of_400 = eval(whole, {"--set", "env.horizon=400"});
  EXPECT_TRUE(of_400["adaptation"].contains("399"));
  EXPECT_EQ(eval(cut, {}), of_400);
  EXPECT_EQ(ReadSummary(cut)["last_evaluation"]["return_mean"], of_400["return_mean"]);
  EXPECT_NE(ReadSummary(whole)["last_evaluation"]["return_mean"], of_400["return_mean"]);
}

// Networks that are not the presets'.
class OtherNetwork : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(OtherNetwork, HasTheSameWeightsWithAnyActorsAndAfterAResumeAndIsPlayed) {
  constexpr int kFew = 3;
  TemporaryDirectory directory;
  const std::string whole = directory.path() + "/whole", halves = directory.path() + "/halves";
  std::vector<std::string> flags = {"--seed=7"};
  for (const std::string& assignment : GetParam()) flags.insert(flags.end(), {"--set", assignment});
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), flags.begin(), flags.end());
    return more;
  };
  const Outcome outcome = RunProcess(TinyTrain(whole, kFew, with({"--actors=1", "--threads=1"})));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(RunProcess(TinyTrain(halves, 1, with({"--actors=3", "--threads=2"}))).code, 0);
  const Outcome resumed = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + halves, "--metrics=off",
                                      "--no_figure", "--updates=" + std::to_string(kFew)});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(WeightsHash(halves), WeightsHash(whole));
  EXPECT_NE(WeightsHash(whole), PlainHash());
  const Outcome played =
      RunProcess({Binary("nmn"), "eval", "--policy=" + whole + "/policy.safetensors", "--episodes=5", "--json"});
  EXPECT_EQ(played.code, 0) << played.err;
}

using Assignments = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    Networks, OtherNetwork,
    ::testing::Values(Assignments{"network.cell=LSTM"},
                      Assignments{"network.cell=PLASTIC", "network.recurrent_sizes=6"},
                      Assignments{"network.cell=MODULATED_PLASTIC", "network.recurrent_sizes=6"},
                      Assignments{"network.modulation=HYPERNETWORK"},
                      Assignments{"network.modulation=OFFSET_ONLY", "network.frozen_modulator=true"},
                      Assignments{"network.modulation=NO_MODULATION", "normalize.observation=true"}));

class Interrupted : public ::testing::TestWithParam<int> {};

// Stopped by a signal after some update, before the first one and past the last checkpoint too; then resumed.
TEST_P(Interrupted, ResumedRunGivesTheSameWeightsAndRepeatsNoRow) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Subprocess first(TinyTrain(run, kUpdates, {"--seed=7", "--actors=2"}));
  if (GetParam() == 0) {
    ASSERT_TRUE(first.WaitForOutput("run directory")) << first.err();
  } else {
    ASSERT_TRUE(WaitForUpdate(first, run, GetParam())) << first.err();
  }
  first.Signal(SIGTERM);
  const int code = first.Wait(std::chrono::seconds(20));
  if (code == 0) GTEST_SKIP() << "the run was complete before the signal reached it";
  EXPECT_EQ(code, 75) << first.err();
  EXPECT_THAT(first.err(), HasSubstr("continue with: " + Binary("nmn") + " train --resume --run_dir=" + run));
  EXPECT_FALSE(ReadSummary(run)["complete"].get<bool>());

  const Outcome second = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(WeightsHash(run), PlainHash());
  EXPECT_TRUE(ReadSummary(run)["complete"].get<bool>());
  EXPECT_THAT(UpdatesInMetrics(run), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  const std::string episodes = ReadFile(run + "/episodes.csv");
  EXPECT_EQ(std::count(episodes.begin(), episodes.end(), '\n'), 1 + 20 * kUpdates);
}
INSTANTIATE_TEST_SUITE_P(AfterUpdate, Interrupted, ::testing::Values(0, 1, 3, 4, 5));

TEST(Resume, KilledRunGoesOnToTheSameWeights) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Subprocess first(TinyTrain(run, kUpdates, {"--seed=7", "--actors=2"}));
  ASSERT_TRUE(WaitForUpdate(first, run, 5)) << first.err();
  first.Signal(SIGKILL);
  first.Wait();
  const Outcome second = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(WeightsHash(run), PlainHash());
  EXPECT_THAT(UpdatesInMetrics(run), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

// As after a kill between the last checkpoint and the summary.
TEST(Resume, FinishedRunWithoutItsSummaryGetsIt) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4)).code, 0);
  const std::string weights = WeightsHash(run);
  ASSERT_TRUE(std::filesystem::remove(run + "/summary.json"));
  EXPECT_EQ(RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run}).code, 0);
  EXPECT_EQ(WeightsHash(run), weights);
  EXPECT_TRUE(ReadSummary(run)["complete"].get<bool>());
}

TEST(Resume, FinishedRunSaysSoAndALongerBudgetGoesOn) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4, {"--seed=7"})).code, 0);
  const Outcome again = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("already complete"));
  const Outcome longer =
      RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--updates=7", "--no_figure"});
  EXPECT_EQ(longer.code, 0) << longer.err;
  EXPECT_EQ(WeightsHash(run), PlainHash());
}

// The crash came between checkpoint 2 and the next one, when the files had three updates.
TEST(Resume, ABudgetThatTheCheckpointHasReachedLeavesTheFilesOfIt) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  const Outcome crashed = RunProcess(TinyTrain(run, 10, {"--set", "checkpoint.every_updates=2"}),
                                     std::chrono::seconds(60), {"NMN_FAILPOINTS=run.update.begin=hit:4:crash"});
  ASSERT_NE(crashed.code, 0);
  ASSERT_THAT(UpdatesInMetrics(run), ElementsAre(1, 2, 3));
  const Outcome second = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--updates=2"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_THAT(UpdatesInMetrics(run), ElementsAre(1, 2));
  const std::string episodes = ReadFile(run + "/episodes.csv");
  EXPECT_EQ(std::count(episodes.begin(), episodes.end(), '\n'), 1 + 20 * 2);
  EXPECT_THAT(ReadFile(run + "/config.textproto"), HasSubstr("updates: 2"));
}

// In mode ASYNC the two histories have other weights.
TEST(Resume, BehindTheEndOfTheRunRemovesThatEnd) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4, {"--set", "checkpoint.every_updates=2"})).code, 0);
  const auto crash_at_once = [&] {
    EXPECT_NE(RunProcess(TinyTrain(run, 6, {"--resume"}), std::chrono::seconds(60),
                         {"NMN_FAILPOINTS=run.update.begin=hit:1:crash"})
                  .code,
              0);
  };
  crash_at_once();
  EXPECT_TRUE(std::filesystem::exists(run + "/policy.safetensors"));
  WriteFile(run + "/checkpoints/ckpt-00000004/state.binpb", "damaged");
  crash_at_once();
  EXPECT_FALSE(std::filesystem::exists(run + "/policy.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(run + "/summary.json"));
}

TEST(Resume, BeginsAnewWhereNoCheckpointWasEverCompleted) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  const Outcome outcome = RunProcess(TinyTrain(run, kUpdates, {"--seed=7", "--resume"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(WeightsHash(run), PlainHash());
}

}  // namespace
}  // namespace nmn::testing
