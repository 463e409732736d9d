#include "learner/ppo/running_statistics.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/env/environment.h"
#include "common/nn/action_space.h"
#include "learner/ppo/normalizing_model.h"
#include "tests/unit/learner/ppo/networks.h"

namespace nmn::ppo {
namespace {

constexpr double kDiscount = 0.9;

// Episodes of a task of two numbers observed, the second with a large mean, as [time, .., episode].
struct Record {
  Record(int64_t time, int64_t episodes, double salt, trajectory::TrialFields trials = trajectory::TrialFields::kNone)
      : x(Pseudorandom({time, 2, episodes}, 3.0, salt, at::kFloat)),
        reward(Pseudorandom({time, 1, episodes}, 1.0, salt + 0.5, at::kFloat)),
        end(at::zeros({time, 1, episodes})),
        batch(trajectory::TrajectoryLayout::OfRule(2, nn::BoxOf(1), trials)) {
    x.select(1, 1).add_(1000);
    Set(v1::OBSERVATION, x);
    Set(v1::REWARD, reward);
    if (trials != trajectory::TrialFields::kNone) Set(v1::TRIAL_END, end);
  }

  void Set(v1::Field field, const at::Tensor& values) {
    batch.Set(field, {values.data_ptr<float>(), static_cast<size_t>(values.size(0)),
                      static_cast<size_t>(values.size(1)), static_cast<size_t>(values.size(2))});
  }

  at::Tensor x, reward, end;
  trajectory::TrajectoryBatch batch;
};

void ExpectMoments(const v1::RunningMoments& moments, const std::vector<double>& all) {
  double mean = 0, squares = 0;
  for (const double number : all) mean += number / static_cast<double>(all.size());
  for (const double number : all) squares += (number - mean) * (number - mean);
  EXPECT_EQ(moments.count(), static_cast<double>(all.size()));
  EXPECT_NEAR(moments.mean(), mean, 1e-9);
  EXPECT_NEAR(moments.squares(), squares, 1e-8);
}

LearnedNetwork CriticOf(const v1::NormalizeOptions& normalize) {
  LearnedNetwork network;
  network.spec =
      *nn::MakeNetworkSpec(EveryNetwork().front().options, nn::Role::kCritic, 2, nn::BoxOf(1), false, normalize);
  network.parameters = ParameterLeaf(nn::InitialParameters(network.spec, 1), at::kCPU);
  return network;
}

v1::NormalizeOptions Both() {
  v1::NormalizeOptions both;
  both.set_observation(true);
  both.set_reward(true);
  return both;
}

float Value(const LearnedNetwork& network, const char* name, int64_t i = 0) {
  return Statistic(network.spec, network.parameters, name)[i].item<float>();
}

TEST(RunningStatistics, AreThoseOfAllEpisodesTogether) {
  v1::RunningStatistics statistics;
  std::vector<double> numbers, rewards, returns;
  for (int update = 0; update < 3; ++update) {
    const Record record(7, 4 + update, update + 1);
    AddEpisodes(record.batch, kDiscount, statistics);
    for (int64_t e = 0; e < 4 + update; ++e) {
      for (int64_t t = 0; t < 7; ++t) {
        numbers.push_back(record.x[t][1][e].item<float>());
        rewards.push_back(record.reward[t][0][e].item<float>());
        double sum = 0;
        for (int64_t later = t; later < 7; ++later)
          sum += std::pow(kDiscount, later - t) * record.reward[later][0][e].item<float>();
        returns.push_back(sum);
      }
    }
  }
  ExpectMoments(statistics.observation(1), numbers);
  ExpectMoments(statistics.reward(), rewards);
  ExpectMoments(statistics.discounted_return(), returns);
}

// Two steps terminated, two truncated, two that go on; with a discount of 1 and rewards of 1 a return counts steps.
TEST(RunningStatistics, ReturnsEndWithTheirTrialsWhereTheseCutThem) {
  for (const auto& [trials, expected] :
       {std::pair{trajectory::TrialFields::kEndAndFinalObservation, std::vector<double>{2, 1, 2, 1, 2, 1}},
        std::pair{trajectory::TrialFields::kEnd, std::vector<double>{6, 5, 4, 3, 2, 1}}}) {
    Record record(6, 1, 1, trials);
    record.reward.fill_(1);
    record.end[1] = env::kTerminated;
    record.end[3] = env::kTruncated;
    v1::RunningStatistics statistics;
    AddEpisodes(record.batch, 1, statistics);
    ExpectMoments(statistics.discounted_return(), expected);
  }
}

TEST(RunningStatistics, StandInTheParametersAsDeviationsAndRootMeanSquares) {
  LearnedNetwork network = CriticOf(Both());
  const at::Tensor before = network.parameters.detach().clone();
  WriteStatistics({}, kDiscount, network);
  EXPECT_TRUE(at::equal(network.parameters.detach(), before)) << "mean 0, the others 1";

  const Record record(5, 2, 1);
  v1::RunningStatistics statistics;
  AddEpisodes(record.batch, kDiscount, statistics);
  WriteStatistics(statistics, kDiscount, network);
  const at::Tensor x = record.x.select(1, 1).to(at::kDouble), reward = record.reward.to(at::kDouble);
  EXPECT_NEAR(Value(network, nn::kObservationMean, 1), x.mean().item<double>(), 1e-3);
  EXPECT_NEAR(Value(network, nn::kObservationDeviation, 1), x.std(false).item<double>(), 1e-5);
  EXPECT_NEAR(Value(network, nn::kRewardScale), reward.square().mean().sqrt().item<double>(), 1e-6);
  const v1::RunningMoments& returns = statistics.discounted_return();
  EXPECT_NEAR(Value(network, nn::kReturnScale),
              (1 - kDiscount) * std::sqrt(returns.squares() / returns.count() + returns.mean() * returns.mean()), 1e-6);
  const int64_t learned = static_cast<int64_t>(network.spec.tensor(nn::kObservationMean).offset);
  EXPECT_TRUE(at::equal(network.parameters.detach().narrow(0, 0, learned), before.narrow(0, 0, learned)));
}

// 0.1 is no float32: rounding of the mean of many must not be read as a deviation.
TEST(RunningStatistics, WhatNeverVariesHasDeviationOneAndRewardsOfZeroHaveScaleOne) {
  LearnedNetwork network = CriticOf(Both());
  v1::RunningStatistics statistics;
  for (int update = 1; update <= 3; ++update) {
    Record record(50, 7, update);
    record.x.select(1, 0).fill_(0.1);
    record.reward.fill_(0);
    AddEpisodes(record.batch, kDiscount, statistics);
  }
  WriteStatistics(statistics, kDiscount, network);
  EXPECT_FLOAT_EQ(Value(network, nn::kObservationMean), 0.1f);
  EXPECT_EQ(Value(network, nn::kObservationDeviation), 1);
  EXPECT_EQ(Value(network, nn::kRewardScale), 1);
  EXPECT_EQ(Value(network, nn::kReturnScale), 1);
}

TEST(RunningStatistics, AreThereOnlyForWhatIsNormalised) {
  v1::NormalizeOptions rewards;
  rewards.set_reward(true);
  const auto names = [](const v1::NormalizeOptions& normalize) {
    std::vector<std::string> found;
    for (const nn::TensorSpec& tensor : CriticOf(normalize).spec.tensors) {
      if (!tensor.is_learned) found.push_back(tensor.name);
    }
    return found;
  };
  EXPECT_EQ(names({}), std::vector<std::string>());
  EXPECT_EQ(names(rewards), (std::vector<std::string>{nn::kRewardScale, nn::kReturnScale}));
  EXPECT_EQ(names(Both()), (std::vector<std::string>{nn::kObservationMean, nn::kObservationDeviation, nn::kRewardScale,
                                                     nn::kReturnScale}));
}

}  // namespace
}  // namespace nmn::ppo
