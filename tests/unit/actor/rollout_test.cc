#include "actor/rollout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/config/config.h"
#include "common/rng/philox.h"

namespace nmn::actor {
namespace {

v1::RunConfig Config(const std::string& benchmark, const std::string& architecture = "nmn", uint32_t horizon = 60) {
  v1::RunConfig config = config::Preset("reference", benchmark, architecture).value();
  config.mutable_env()->set_horizon(horizon);
  return config;
}

std::vector<float> Weights(const v1::RunConfig& config) {
  const uint32_t x = env::FindSpec(config.benchmark())->observation_size;
  return nn::InitialParameters(nn::MakeNetworkSpec(config.network(), nn::Role::kActor, x, nn::BoxOf(1)).value(), 11);
}

std::unique_ptr<RolloutEngine> Engine(const v1::RunConfig& config, size_t max_lanes) {
  auto engine = RolloutEngine::Create(config, max_lanes).value();
  engine->SetParameters(Weights(config), 1);
  return engine;
}

constexpr env::BatchKey kKey{.seed = 9, .update = 4, .first_episode = 20, .first_global_episode = 170};

TEST(Rollout, RecordsWholeEpisodesInTheDeclaredShapes) {
  auto engine = Engine(Config("b3"), 10);
  const RolloutResult result = engine->Run(kKey, 7).value();
  EXPECT_EQ(result.update, 4);
  EXPECT_EQ(result.first_episode, 20);
  EXPECT_EQ(result.trajectories.observation().planes, 60);
  EXPECT_EQ(result.trajectories.observation().rows, 4);
  EXPECT_EQ(result.trajectories.observation().columns, 7);
  for (const ConstView2& view :
       {result.trajectories.raw_action(), result.trajectories.action(), result.trajectories.reward(),
        result.trajectories.Scalar(v1::MEAN), result.trajectories.Scalar(v1::LOG_VARIANCE)}) {
    EXPECT_EQ(view.rows, 60);
    EXPECT_EQ(view.columns, 7);
  }
  EXPECT_EQ(result.measures.size(), env::FindSpec("b3")->measures.size());
  for (const auto& measure : result.measures) EXPECT_EQ(measure.size(), 7);
}

TEST(Rollout, TheFloorOfTheLogVarianceIsThatOfTheWeightsVersion) {
  v1::RunConfig config = Config("b1");
  config.mutable_network()->set_min_log_variance(-0.2);
  config.mutable_network()->set_max_log_variance(1);
  const auto log_variances = [](const v1::RunConfig& config, uint32_t version) {
    const auto engine = RolloutEngine::Create(config, 6).value();
    engine->SetParameters(Weights(config), 9);
    engine->SetParameters(Weights(config), version);
    const RolloutResult result = engine->Run(kKey, 6).value();
    const ConstView2 values = result.trajectories.Scalar(v1::LOG_VARIANCE);
    return std::vector<float>(values.data, values.data + values.rows * values.columns);
  };
  v1::RunConfig moving = config;
  moving.mutable_ppo()->set_anneal_updates(10);
  moving.mutable_ppo()->mutable_policy()->set_final_min_log_variance(-1.2);
  EXPECT_EQ(log_variances(moving, 1), log_variances(config, 1));
  config.mutable_network()->set_min_log_variance(-0.7);
  EXPECT_EQ(log_variances(moving, 6), log_variances(config, 1));
  // Fresh weights have log-variances near -1.
  EXPECT_THAT(log_variances(moving, 1), ::testing::Each(-0.2f));
  EXPECT_THAT(log_variances(moving, 6), ::testing::Each(-0.7f));
  EXPECT_THAT(log_variances(moving, 11), ::testing::Contains(::testing::Gt(-1.2f)));
}

TEST(Rollout, ActionsAreTheRecordedGaussiansWithTheEpisodesOwnNoise) {
  auto engine = Engine(Config("b2"), 6);
  const RolloutResult result = engine->Run(kKey, 6).value();
  for (uint32_t t = 0; t < 60; ++t) {
    for (uint32_t lane = 0; lane < 6; ++lane) {
      const float eps =
          rng::StepNormal({.seed = 9, .update = 4, .episode = 20 + lane, .step = t}, rng::Purpose::kActionNoise);
      EXPECT_NEAR(result.trajectories.raw_action()(t, lane),
                  result.trajectories.Scalar(v1::MEAN)(t, lane) +
                      std::exp(double{result.trajectories.Scalar(v1::LOG_VARIANCE)(t, lane)} / 2) * eps,
                  2e-6);
    }
  }
}

// The record has the policy as it is; only the chance of the action shrinks.
TEST(Rollout, ATemperatureScalesTheNoise) {
  auto engine = Engine(Config("b1"), 3);
  const auto noise_of = [&](float temperature) {
    const RolloutResult result = engine->Run(kKey, 3, temperature).value();
    std::vector<float> noise;
    for (uint32_t lane = 0; lane < 3; ++lane) {
      noise.push_back((result.trajectories.raw_action()(0, lane) - result.trajectories.Scalar(v1::MEAN)(0, lane)) /
                      std::exp(result.trajectories.Scalar(v1::LOG_VARIANCE)(0, lane) / 2));
    }
    return noise;
  };
  const std::vector<float> whole = noise_of(1), half = noise_of(0.5f);
  for (size_t lane = 0; lane < whole.size(); ++lane) EXPECT_NEAR(half[lane], whole[lane] / 2, 1e-5);
}

TEST(Rollout, WithTheMeanThereIsNoNoise) {
  auto engine = Engine(Config("b1"), 3);
  const RolloutResult result = engine->Run(kKey, 3, 0).value();
  for (uint32_t t = 0; t < 60; ++t) {
    for (uint32_t lane = 0; lane < 3; ++lane)
      EXPECT_EQ(result.trajectories.raw_action()(t, lane), result.trajectories.Scalar(v1::MEAN)(t, lane));
  }
}

// Plays the record again: a policy that is fed the recorded inputs must give the recorded distribution, and the
// environment that is given the recorded actions must give the recorded observations.
TEST(Rollout, FeedsBackTheLastActionRewardAndObservationAndZerosAtFirst) {
  for (const auto& [benchmark, architecture] : {std::pair{"b1", "nmn"}, {"b2", "rnn"}, {"b3", "nmn"}}) {
    const v1::RunConfig config = Config(benchmark, architecture);
    const size_t lanes = 5;
    auto engine = Engine(config, lanes);
    const RolloutResult result = engine->Run(kKey, lanes).value();
    auto environment = env::MakeEnvironment(benchmark, config.env(), lanes).value();
    const uint32_t n = environment->spec().observation_size;
    auto forward = nn::PolicyForward::Create(
                       nn::MakeNetworkSpec(config.network(), nn::Role::kActor, n, nn::BoxOf(1)).value(), lanes)
                       .value();
    forward->SetParameters(Weights(config));
    forward->Reset(lanes);
    std::vector<float> x(n * lanes), last_x(n * lanes, 0.0f), last_action(lanes, 0.0f), last_reward(lanes, 0.0f),
        output(2 * lanes);
    environment->Reset(kKey, {x.data(), n, lanes});
    for (uint32_t t = 0; t < 60; ++t) {
      forward->Step(
          {{x.data(), n, lanes}, {last_action.data(), 1, lanes}, last_reward.data(), {last_x.data(), n, lanes}},
          {output.data(), 2, lanes});
      for (size_t lane = 0; lane < lanes; ++lane) {
        ASSERT_EQ(result.trajectories.Scalar(v1::LOG_VARIANCE)(t, lane), output[lane]);
        ASSERT_EQ(result.trajectories.Scalar(v1::MEAN)(t, lane), output[lanes + lane]);
        for (uint32_t f = 0; f < n; ++f)
          ASSERT_EQ(result.trajectories.observation().plane(t)(f, lane), x[f * lanes + lane]);
      }
      last_x = x;
      environment->Step(result.trajectories.Of(v1::RAW_ACTION).plane(t),
                        {{last_action.data(), 1, lanes}, last_reward.data(), {x.data(), n, lanes}});
      for (size_t lane = 0; lane < lanes; ++lane) {
        ASSERT_EQ(result.trajectories.action()(t, lane), last_action[lane]);
        ASSERT_EQ(result.trajectories.reward()(t, lane), last_reward[lane]);
      }
    }
    for (size_t m = 0; m < result.measures.size(); ++m) {
      for (size_t lane = 0; lane < lanes; ++lane) EXPECT_EQ(result.measures[m][lane], environment->Measure(m, lane));
    }
  }
}

// Every number of a result, lane by lane.
std::vector<std::vector<float>> ByLane(const RolloutResult& result) {
  std::vector<std::vector<float>> lanes(result.trajectories.reward().columns);
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    for (size_t t = 0; t < result.trajectories.reward().rows; ++t) {
      for (size_t f = 0; f < result.trajectories.observation().rows; ++f)
        lanes[lane].push_back(result.trajectories.observation().plane(t)(f, lane));
      for (const ConstView2& view :
           {result.trajectories.raw_action(), result.trajectories.action(), result.trajectories.reward(),
            result.trajectories.Scalar(v1::MEAN), result.trajectories.Scalar(v1::LOG_VARIANCE)}) {
        lanes[lane].push_back(view(t, lane));
      }
    }
  }
  return lanes;
}

TEST(Rollout, TheSameBitsForAnySplitOfTheEpisodesInBatches) {
  for (const char* benchmark : {"b1", "b2", "b3"}) {
    const v1::RunConfig config = Config(benchmark);
    auto whole_engine = Engine(config, 50);
    const auto whole = ByLane(whole_engine->Run(kKey, 50).value());
    for (const std::vector<size_t>& split : {std::vector<size_t>{25, 25}, {1, 17, 32}, {49, 1}, {10, 10, 10, 10, 10}}) {
      auto engine = Engine(config, 50);
      std::vector<std::vector<float>> parts;
      env::BatchKey key = kKey;
      for (size_t lanes : split) {
        for (auto& lane : ByLane(engine->Run(key, lanes).value())) parts.push_back(std::move(lane));
        key.first_episode += lanes;
        key.first_global_episode += lanes;
      }
      EXPECT_EQ(whole, parts) << benchmark;
    }
  }
}

TEST(Rollout, AnotherSeedOrUpdateIsAnotherRollout) {
  auto engine = Engine(Config("b1"), 2);
  const auto first = ByLane(engine->Run(kKey, 2).value());
  env::BatchKey other = kKey;
  other.seed = 10;
  EXPECT_NE(first, ByLane(engine->Run(other, 2).value()));
  other = kKey;
  other.update = 5;
  EXPECT_NE(first, ByLane(engine->Run(other, 2).value()));
  EXPECT_EQ(first, ByLane(engine->Run(kKey, 2).value()));
}

TEST(Rollout, StopsBetweenStepsWhenTold) {
  std::atomic<bool> stop{true};
  auto engine = Engine(Config("b1"), 2);
  EXPECT_TRUE(absl::IsCancelled(engine->Run(kKey, 2, 1, &stop).status()));
  stop = false;
  EXPECT_TRUE(engine->Run(kKey, 2, 1, &stop).ok());
}

class CountingObserver : public RolloutObserver {
 public:
  void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward& forward) override {
    EXPECT_EQ(t, steps++);
    std::vector<float> now(environment.spec().state_variables.size());
    environment.ReadState(1, now);
    displayed.push_back(now[0]);
    float sum = 0;
    const ConstView2 z = forward.signal();
    for (size_t i = 0; i < z.rows; ++i) sum += z(i, 1);
    signals.push_back(sum);
  }
  uint32_t steps = 0;
  std::vector<float> displayed, signals;
};

TEST(Rollout, AnObserverSeesTheStateBeforeEachStepAndTheSignalThatChoseIt) {
  const v1::RunConfig config = Config("b1");
  ASSERT_EQ(env::FindSpec("b1")->state_variables[0], "x");
  CountingObserver observer;
  auto engine = Engine(config, 2);
  const RolloutResult result = engine->Run(kKey, 2, 1, nullptr, &observer).value();
  ASSERT_EQ(observer.steps, 60);
  for (uint32_t t = 0; t < 60; ++t) EXPECT_EQ(observer.displayed[t], result.trajectories.observation().plane(t)(0, 1));
  EXPECT_EQ(observer.signals.size(), 60);
  EXPECT_NE(observer.signals[1], observer.signals[59]);
}

TEST(Rollout, SaysWhichStepHadNoFiniteAction) {
  const v1::RunConfig config = Config("b1");
  auto engine = Engine(config, 2);
  std::vector<float> weights = Weights(config);
  weights[0] = std::numeric_limits<float>::quiet_NaN();
  engine->SetParameters(weights, 1);
  const absl::Status status = engine->Run(kKey, 2).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_NE(status.message().find("not finite at step 0"), absl::string_view::npos) << status;
}

TEST(Rollout, RefusesImpossibleLanesBenchmarksAndNetworks) {
  EXPECT_FALSE(RolloutEngine::Create(Config("b1"), 0).ok());
  v1::RunConfig config = Config("b1");
  config.set_benchmark("b9");
  EXPECT_FALSE(RolloutEngine::Create(config, 1).ok());
  config = Config("b1");
  config.mutable_network()->set_signal_size(0);
  EXPECT_FALSE(RolloutEngine::Create(config, 1).ok());
  auto engine = Engine(Config("b1"), 2);
  EXPECT_TRUE(absl::IsInvalidArgument(engine->Run(kKey, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(engine->Run(kKey, 3).status()));
}

}  // namespace
}  // namespace nmn::actor
