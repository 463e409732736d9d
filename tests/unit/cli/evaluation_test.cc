#include "cli/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/player.h"
#include "cli/policy_choice.h"
#include "common/env/environment.h"
#include "tests/unit/cli/policy_fixture.h"

namespace nmn::cli {
namespace {

using play::EstimateMean;
using play::Evaluate;
using play::Evaluation;
using play::PlayedBatch;
using play::Player;
using play::StepObserver;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

PolicyFlags Seed(uint64_t seed) {
  PolicyFlags flags;
  flags.seed = seed;
  return flags;
}

PolicyFlags Flags(const std::string& policy, const std::string& benchmark, const std::vector<std::string>& set = {}) {
  PolicyFlags flags;
  flags.policy = policy;
  flags.benchmark = benchmark;
  flags.set = set;
  return flags;
}

PolicyChoice Network(const policy::NetworkPolicy& policy) {
  return {.config = policy.config, .network = policy, .rule = ""};
}

PolicyChoice Rule(const std::string& rule, const std::string& benchmark, const std::vector<std::string>& set = {}) {
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(Flags(rule, benchmark, set));
  EXPECT_TRUE(choice.ok()) << choice.status();
  return *choice;
}

Evaluation Play(const PolicyChoice& choice, const PolicyFlags& flags, uint32_t episodes, size_t lanes) {
  absl::StatusOr<std::unique_ptr<Player>> player = MakePlayer(choice, flags, lanes);
  EXPECT_TRUE(player.ok()) << player.status();
  const env::EnvironmentSpec spec = env::FindSpec(choice.config.benchmark()).value();
  absl::StatusOr<Evaluation> evaluation = Evaluate(**player, spec.measures, episodes, lanes, [](uint32_t) {});
  EXPECT_TRUE(evaluation.ok()) << evaluation.status();
  return *evaluation;
}

// Rewards 1, 2, 3 .. in every lane, plus the episode's number.
class CountingPlayer : public Player {
 public:
  absl::StatusOr<PlayedBatch> Play(uint32_t first, size_t lanes, StepObserver*) override {
    rewards_.clear();
    for (int t = 0; t < 4; ++t) {
      for (size_t lane = 0; lane < lanes; ++lane) rewards_.push_back(static_cast<float>(t + 1 + first + lane));
    }
    PlayedBatch batch;
    batch.trajectories = trajectory::TrajectoryBatch(trajectory::TrajectoryLayout::OfRule(1, nn::BoxOf(1)));
    batch.trajectories.Set(v1::REWARD, ConstView3(rewards_.data(), 4, 1, lanes));
    batch.measures = {std::vector<double>(lanes, 5)};
    return batch;
  }

 private:
  std::vector<float> rewards_;
};

TEST(ChoosePolicy, BadNamesAreNamedWithTheGoodOnes) {
  const auto error = [](const PolicyFlags& flags) { return std::string(ChoosePolicy(flags).status().message()); };
  EXPECT_THAT(error(Flags("wizard", "b1")), HasSubstr("oracle, a run directory, a checkpoint or a .safetensors file"));
  EXPECT_THAT(error(Flags("oracle", "b9")), HasSubstr("b1, b2, b3"));
  EXPECT_THAT(error(Flags("oracle", "")), HasSubstr("--task is required"));
  EXPECT_THAT(error(Flags("oracle", "b1", {"env.colour=3"})), HasSubstr("colour"));
  EXPECT_THAT(error(Flags("oracle", "b1", {"ppo.discount=1"})), HasSubstr("only options of the task"));
}

TEST(ChoosePolicy, TheMeanIsForNetworks) {
  PolicyFlags flags = Flags("zero", "b1");
  flags.use_mean = true;
  EXPECT_THAT(std::string(ChoosePolicy(flags).status().message()), HasSubstr("zero is a rule"));
}

TEST(ChoosePolicy, ATemperatureIsForNetworksAndNoneBesideTheMean) {
  PolicyFlags flags = Flags("zero", "b1");
  flags.temperature = 0.5f;
  EXPECT_THAT(std::string(ChoosePolicy(flags).status().message()), HasSubstr("--temperature is for networks; zero is"));
  flags.use_mean = true;
  EXPECT_THAT(std::string(ChoosePolicy(flags).status().message()),
              HasSubstr("--mean and --temperature=0.5 contradict"));
  flags.use_mean = false;
  flags.temperature = 1e-60;
  EXPECT_THAT(std::string(ChoosePolicy(flags).status().message()),
              HasSubstr("--temperature=1e-60: it must be 0, or from 1e-06 to 10"));
}

TEST(EstimateMean, StandardErrorIsOfTheMean) {
  const play::Estimate estimate = EstimateMean({1, 2, 3, 6});
  EXPECT_DOUBLE_EQ(estimate.mean, 3);
  EXPECT_DOUBLE_EQ(estimate.standard_error, std::sqrt(14.0 / 3 / 4));
}

TEST(Evaluate, SumsDiscountsAndAveragesEpisodes) {
  CountingPlayer player;
  std::vector<uint32_t> heard;
  const Evaluation evaluation = Evaluate(player, {"hits"}, 3, 2, [&](uint32_t done) { heard.push_back(done); }).value();
  EXPECT_DOUBLE_EQ(evaluation.raw.mean, 14);  // episodes 10, 14, 18
  EXPECT_DOUBLE_EQ(evaluation.raw.standard_error, 4 / std::sqrt(3.0));
  const double g = 0.998;
  EXPECT_NEAR(evaluation.discounted.mean, 2 + 3 * g + 4 * g * g + 5 * g * g * g, 1e-12);
  EXPECT_DOUBLE_EQ(evaluation.measures[0].second.mean, 5);
  EXPECT_THAT(evaluation.adaptation, ElementsAre(Pair(0, 2), Pair(1, 3), Pair(2, 4), Pair(3, 5)));
  EXPECT_THAT(heard, ElementsAre(2, 3));
}

TEST(ToJson, OneEpisodeHasNoStandardError) {
  CountingPlayer player;
  const auto json = nlohmann::json::parse(ToJson(Evaluate(player, {"hits"}, 1, 1, [](uint32_t) {}).value()));
  EXPECT_TRUE(json.at("return_sem").is_null());
  EXPECT_EQ(json.at("hits_mean"), 5);
  EXPECT_EQ(json.at("adaptation").at("3"), 4);
}

// Two trials of two steps each, of the CountingPlayer's rewards.
class TrialsPlayer : public CountingPlayer {
 public:
  absl::StatusOr<PlayedBatch> Play(uint32_t first, size_t lanes, StepObserver* observer) override {
    const PlayedBatch counted = CountingPlayer::Play(first, lanes, observer).value();
    ends_.assign(4 * lanes, env::kGoesOn);
    std::fill_n(ends_.begin() + static_cast<std::ptrdiff_t>(lanes), lanes, env::kTerminated);
    PlayedBatch batch{trajectory::TrajectoryBatch(
                          trajectory::TrajectoryLayout::OfRule(1, nn::BoxOf(1), trajectory::TrialFields::kEnd)),
                      counted.measures};
    batch.trajectories.Set(v1::REWARD, counted.trajectories.Of(v1::REWARD));
    batch.trajectories.Set(v1::TRIAL_END, {ends_.data(), 4, 1, lanes});
    return batch;
  }

 private:
  std::vector<float> ends_;
};

TEST(ToJson, SaysWhatTrialsReturned) {
  TrialsPlayer player;
  const auto json = nlohmann::json::parse(ToJson(Evaluate(player, {"hits"}, 3, 2, [](uint32_t) {}).value()));
  EXPECT_EQ(json.at("trials_per_episode"), 1);
  EXPECT_EQ(json.at("trials").at("1").at("return_mean"), 5);  // episodes 3, 5, 7
  EXPECT_DOUBLE_EQ(json.at("trials").at("1").at("return_sem"), 2 / std::sqrt(3.0));
  EXPECT_EQ(json.at("trials").at("1").at("episodes"), 3);
  EXPECT_EQ(json.at("trials").at("last"), json.at("trials").at("1"));
  EXPECT_EQ(json.at("trials").at("cut").at("return_mean"), 9);
  EXPECT_EQ(json.at("trials").size(), 3);
  CountingPlayer none;
  EXPECT_FALSE(
      nlohmann::json::parse(ToJson(Evaluate(none, {"hits"}, 3, 2, [](uint32_t) {}).value())).contains("trials"));
}

TEST(Evaluate, BatchesOfAnySizeGiveTheSameBits) {
  const policy::NetworkPolicy policy =
      MakePolicy("reference", "b2", "nmn", {"env.horizon=60", "env.switch_probability=0.5"});
  const std::string one = ToJson(Play(Network(policy), Seed(4), 21, 1));
  EXPECT_EQ(ToJson(Play(Network(policy), Seed(4), 21, 8)), one);
  EXPECT_EQ(ToJson(Play(Network(policy), Seed(4), 21, 21)), one);
  EXPECT_NE(ToJson(Play(Network(policy), Seed(5), 21, 21)), one);
}

TEST(Evaluate, RulesTooAndGivenTasksGoRound) {
  const PolicyChoice choice = Rule("adaptive", "b1", {"env.horizon=40", "env.tasks=-3,0,9"});
  EXPECT_EQ(ToJson(Play(choice, Seed(4), 10, 4)), ToJson(Play(choice, Seed(4), 10, 10)));
}

TEST(Evaluate, TheMeanActsWithoutNoise) {
  const policy::NetworkPolicy policy = MakePolicy("reference", "b1", "rnn", {"env.horizon=40"});
  PolicyFlags mean;
  mean.use_mean = true;
  const std::string without_noise = ToJson(Play(Network(policy), mean, 8, 8));
  EXPECT_NE(without_noise, ToJson(Play(Network(policy), {}, 8, 8)));
  PolicyFlags cold;
  cold.temperature = 0;
  EXPECT_EQ(ToJson(Play(Network(policy), cold, 8, 8)), without_noise);
  cold.temperature = 0.5f;
  EXPECT_NE(ToJson(Play(Network(policy), cold, 8, 8)), without_noise);
}

TEST(Evaluate, AnOracleOfB1GetsExactly14000) {
  for (const char* domain : {"env.domain=reference", "env.domain=paper"}) {
    const Evaluation evaluation = Play(Rule("oracle", "b1", {domain}), Seed(2), 50, 50);
    EXPECT_EQ(evaluation.raw.mean, 14000);
    EXPECT_EQ(evaluation.raw.standard_error, 0);
    EXPECT_NEAR(evaluation.discounted.mean, 4696.8, 0.01);
  }
}

TEST(ToTable, OfOneEpisodeTheErrorIsUnknown) {
  Evaluation evaluation;
  evaluation.episodes = 1;
  evaluation.raw = EstimateMean({3.0});
  evaluation.discounted = EstimateMean({1.0, 2.0});
  evaluation.trials.emplace();
  evaluation.trials->trials = {{.episodes = 1, .mean = 7}};
  EXPECT_THAT(ToTable(evaluation), HasSubstr("no trial was completed within an episode\n"));
  evaluation.trials->per_episode = 1;
  const std::string table = ToTable(evaluation);
  EXPECT_THAT(table, HasSubstr("return                       3.0000 +- unknown\n"));
  EXPECT_THAT(table, HasSubstr("discounted return            1.5000 +- 0.5000\n"));
  EXPECT_THAT(table, HasSubstr("7.0000 +- unknown (1 episode)\n"));
}

}  // namespace
}  // namespace nmn::cli
