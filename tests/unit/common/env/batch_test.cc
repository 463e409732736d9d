// What holds for every benchmark.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "common/rng/philox.h"
#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

class EveryBenchmark : public ::testing::TestWithParam<std::string> {
 protected:
  v1::EnvironmentOptions options_ = PaperOptions(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Benchmarks, EveryBenchmark, ::testing::ValuesIn(BenchmarkNames()),
                         [](const auto& info) { return info.param; });

// All that one lane showed in its first steps, with u depending on the episode and step only.
std::vector<float> Trace(std::string_view benchmark, const v1::EnvironmentOptions& options, uint32_t first_episode,
                         size_t lanes, size_t traced, uint32_t steps = 300) {
  Player player(benchmark, options, lanes,
                {.seed = 42, .update = 3, .first_episode = first_episode, .first_global_episode = 100 + first_episode});
  std::vector<float> trace;
  for (uint32_t t = 0; t < steps; ++t) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      player.u[lane] = 1.5f * rng::StepNormal({1, 0, first_episode + lane, t}, rng::Purpose::kActionNoise);
    }
    player.Step();
    for (size_t i = 0; i < player.environment().spec().observation_size; ++i) trace.push_back(player.x(i, traced));
    trace.push_back(player.action[traced]);
    trace.push_back(player.reward[traced]);
    trace.push_back(player.task(traced)[0]);
  }
  for (size_t i = 0; i < player.environment().spec().measures.size(); ++i) {
    trace.push_back(static_cast<float>(player.environment().Measure(i, traced)));
  }
  return trace;
}

TEST_P(EveryBenchmark, AnEpisodeDependsNeitherOnNeighboursNorOnTheBatch) {
  options_.set_switch_probability(0.3);
  options_.add_switch_steps(50);
  for (const uint32_t episode : {0u, 5u, 13u}) {
    const auto alone = Trace(GetParam(), options_, episode, 1, 0);
    EXPECT_EQ(Trace(GetParam(), options_, 0, 20, episode), alone);
    if (episode > 0) {
      EXPECT_EQ(Trace(GetParam(), options_, episode - 1, 3, 1), alone);
    }
  }
}

TEST_P(EveryBenchmark, ResetStartsAfresh) {
  Player player(GetParam(), options_, 4, {.seed = 9});
  const auto first = player.observation();
  for (int t = 0; t < 40; ++t) player.Step(0.3f);
  std::vector<float> again(first.size());
  player.environment().Reset({.seed = 9}, View2(again.data(), first.size() / 4, 4));
  EXPECT_EQ(again, first);
  EXPECT_EQ(player.environment().Measure(0, 0), 0);
}

TEST_P(EveryBenchmark, ASmallerBatchThanTheLargestIsFine) {
  auto environment = MakeEnvironment(GetParam(), options_, 8).value();
  const size_t size = environment->spec().observation_size;
  std::vector<float> x(size * 3), u(3, 0.1f), action(3), reward(3);
  environment->Reset({.seed = 1}, View2(x.data(), size, 3));
  environment->Step({u.data(), 1, 3}, {action.data(), 1, 3}, reward.data(), View2(x.data(), size, 3));
  Player player(GetParam(), options_, 3);
  player.Step(0.1f);
  EXPECT_EQ(player.observation(), x);
}

TEST_P(EveryBenchmark, SeedUpdateAndEpisodeChangeTheTask) {
  const auto start = [&](const BatchKey& key) { return Player(GetParam(), options_, 1, key).observation(); };
  EXPECT_NE(start({.seed = 1}), start({.seed = 2}));
  EXPECT_NE(start({.seed = 1, .update = 1}), start({.seed = 1, .update = 2}));
  EXPECT_NE(start({.seed = 1, .first_episode = 1}), start({.seed = 1, .first_episode = 2}));
  EXPECT_EQ(start({.seed = 1, .first_global_episode = 1}), start({.seed = 1, .first_global_episode = 2}));
}

TEST_P(EveryBenchmark, GivenTasksGoRoundByTheEpisodeOfTheRun) {
  options_.mutable_tasks()->Add(0);
  options_.mutable_tasks()->Add(1);
  options_.mutable_tasks()->Add(1);
  Player player(GetParam(), options_, 4, {.seed = 1, .first_global_episode = 4});
  EXPECT_EQ(player.task(0)[0], 1);
  EXPECT_EQ(player.task(1)[0], 1);
  EXPECT_EQ(player.task(2)[0], 0);
  EXPECT_EQ(player.task(3)[0], 1);
}

TEST_P(EveryBenchmark, AListedSwitchTakesTheNextGivenTask) {
  options_.mutable_tasks()->Add(0);
  options_.mutable_tasks()->Add(1);
  for (const uint32_t step : {4u, 0u, 2u}) options_.add_switch_steps(step);
  Player player(GetParam(), options_, 1);
  std::vector<float> seen;
  for (int t = 0; t < 6; ++t) {
    seen.push_back(player.task()[0]);
    player.Step(-3.9f);
  }
  EXPECT_THAT(seen, ::testing::ElementsAre(1, 1, 0, 0, 1, 1));
}

TEST_P(EveryBenchmark, TasksSwitchAfterHitsWithTheGivenProbability) {
  for (const double probability : {0.0, 0.3, 1.0}) {
    options_.set_switch_probability(probability);
    options_.clear_tasks();
    for (int i = 0; i < 2; ++i) options_.add_tasks(static_cast<float>(i));
    constexpr size_t kLanes = 400;
    Player player(GetParam(), options_, kLanes);
    double hits = 0, switches = 0;
    for (uint32_t t = 0; t < 200; ++t) {
      std::vector<float> before(kLanes);
      for (uint32_t lane = 0; lane < kLanes; ++lane) {
        before[lane] = player.task(lane)[0];
        player.u[lane] = 2 * rng::StepNormal({5, 0, lane, t}, rng::Purpose::kActionNoise);
      }
      player.Step();
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const bool hit = player.reward[lane] > 0 || player.reward[lane] == -50;
        const bool is_miss_of_b1 = GetParam() == "b1" && player.reward[lane] != 10;
        const bool switched = player.task(lane)[0] != before[lane];
        ASSERT_TRUE(!switched || (hit && !is_miss_of_b1));
        hits += hit && !is_miss_of_b1;
        switches += switched;
      }
    }
    ASSERT_GT(hits, 500);
    EXPECT_NEAR(switches / hits, probability, 4.5 * std::sqrt(probability * (1 - probability) / hits));
  }
}

double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

TEST_P(EveryBenchmark, StepCostIsPaidForEveryLane) {
  options_.set_step_cost_us(500);
  Player player(GetParam(), options_, 10);
  const double start = ThreadSeconds();
  for (int t = 0; t < 4; ++t) player.Step(0.0f);
  EXPECT_GE(ThreadSeconds() - start, 0.02);
}

TEST_P(EveryBenchmark, StepCostIsTimeOfTheCoreEvenWhereThreadsShareIt) {
  options_.set_step_cost_us(500);
  std::vector<double> seconds(4 * std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  for (double& taken : seconds) {
    threads.emplace_back([&] {
      Player player(GetParam(), options_, 10);
      const double start = ThreadSeconds();
      for (int t = 0; t < 4; ++t) player.Step(0.0f);
      taken = ThreadSeconds() - start;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(seconds, ::testing::Each(::testing::Ge(0.02)));
}

// a = offset + scale u, then the bound: what the declared action space says of u is what the environment feeds back.
TEST_P(EveryBenchmark, TheActionThatIsFedBackIsThatOfTheDeclaredSpace) {
  const v1::BoxSpace box = FindSpec(GetParam())->action.box();
  ASSERT_EQ(box.low_size(), 1);
  const double low = box.low(0), high = box.high(0);
  const std::vector<float> u = {-1000, -4.5f, -4, -2, -1, -0.3f, 0, 0.1f, 1, 1.9f, 2, 3.3f, 4, 7, 1000};
  Player player(GetParam(), options_, u.size());
  player.u = u;
  player.Step();
  for (size_t lane = 0; lane < u.size(); ++lane) {
    const double action = player.action[lane], scaled = box.offset(0) + double{box.scale(0)} * u[lane];
    EXPECT_GE(action, low);
    EXPECT_LE(action, high);
    if (box.bound() == v1::BoxSpace::CLIP) {
      EXPECT_FLOAT_EQ(player.action[lane], static_cast<float>(std::clamp(scaled, low, high))) << u[lane];
    } else {
      EXPECT_NEAR(std::remainder(action - scaled, high - low), 0, 1e-6 * std::abs(scaled) + 1e-6) << u[lane];
    }
  }
}

TEST_P(EveryBenchmark, SpecNamesItsSizes) {
  const auto spec = FindSpec(GetParam()).value();
  EXPECT_EQ(spec.name, GetParam());
  options_.set_horizon(0);
  EXPECT_EQ(MakeEnvironment(GetParam(), options_, 1).value()->horizon(), spec.default_horizon);
  options_.set_horizon(77);
  EXPECT_EQ(MakeEnvironment(GetParam(), options_, 1).value()->horizon(), 77u);
}

}  // namespace
}  // namespace nmn::env
