// What holds for every task that ships, and for every benchmark, whose tasks can switch.
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

class EveryTask : public ::testing::TestWithParam<std::string> {
 protected:
  v1::EnvironmentOptions options_ = PaperOptions(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Tasks, EveryTask, ::testing::ValuesIn(TaskNames()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// All that one lane showed in its first steps, with u depending on the episode and step only.
std::vector<float> Trace(std::string_view task, const v1::EnvironmentOptions& options, uint32_t first_episode,
                         size_t lanes, size_t traced) {
  Player player(task, options, lanes,
                {.seed = 42, .update = 3, .first_episode = first_episode, .first_global_episode = 100 + first_episode});
  const EnvironmentSpec& spec = player.environment().spec();
  const size_t width = ActionWidth(spec.action);
  std::vector<float> trace;
  for (uint32_t t = 0; t < std::min(300u, player.environment().horizon()); ++t) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      const rng::Block words = rng::Draw({1, 0, first_episode + lane, t}, rng::Purpose::kActionNoise);
      for (size_t i = 0; i < width; ++i) player.u[i * lanes + lane] = SomeAction(spec.action, words[i]);
    }
    player.Step();
    for (size_t i = 0; i < spec.observation_size; ++i) trace.push_back(player.x(i, traced));
    for (size_t i = 0; i < width; ++i) trace.push_back(player.action[i * lanes + traced]);
    trace.push_back(player.reward[traced]);
    for (const float number : player.task(traced)) trace.push_back(number);
    for (const float number : player.state(traced)) trace.push_back(number);
  }
  for (size_t i = 0; i < spec.measures.size(); ++i) {
    trace.push_back(static_cast<float>(player.environment().Measure(i, traced)));
  }
  return trace;
}

TEST_P(EveryTask, AnEpisodeDependsNeitherOnNeighboursNorOnTheBatch) {
  if (FindSpec(GetParam())->has_switches) {
    options_.set_switch_probability(0.3);
    options_.add_switch_steps(50);
  }
  for (const uint32_t episode : {0u, 5u, 13u}) {
    const auto alone = Trace(GetParam(), options_, episode, 1, 0);
    EXPECT_EQ(Trace(GetParam(), options_, 0, 20, episode), alone);
    EXPECT_NE(Trace(GetParam(), options_, episode + 1, 1, 0), alone);
    if (episode > 0) {
      EXPECT_EQ(Trace(GetParam(), options_, episode - 1, 3, 1), alone);
    }
  }
}

TEST_P(EveryTask, ResetStartsAfresh) {
  Player player(GetParam(), options_, 4, {.seed = 9});
  const auto first = player.observation();
  const auto task = player.task(2);
  for (int t = 0; t < 40; ++t) player.Step(0.3f);
  std::vector<float> again(first.size());
  player.environment().Reset({.seed = 9}, View2(again.data(), first.size() / 4, 4));
  EXPECT_EQ(again, first);
  EXPECT_EQ(player.task(2), task);
  EXPECT_EQ(player.environment().Measure(0, 0), 0);
}

TEST_P(EveryTask, ASmallerBatchThanTheLargestIsFine) {
  auto environment = MakeEnvironment(GetParam(), options_, 8).value();
  const size_t size = environment->spec().observation_size, width = ActionWidth(environment->spec().action);
  std::vector<float> x(size * 3), u(3 * width, 0.1f), action(3 * width), reward(3);
  environment->Reset({.seed = 1}, View2(x.data(), size, 3));
  environment->Step({u.data(), width, 3}, {{action.data(), width, 3}, reward.data(), View2(x.data(), size, 3)});
  Player player(GetParam(), options_, 3);
  player.Step(0.1f);
  EXPECT_EQ(player.observation(), x);
}

TEST_P(EveryTask, SeedUpdateAndEpisodeChangeTheTask) {
  const auto start = [&](const BatchKey& key) {
    const Player player(GetParam(), options_, 1, key);
    std::vector<float> shown = player.task();
    shown.insert(shown.end(), player.observation().begin(), player.observation().end());
    return shown;
  };
  EXPECT_NE(start({.seed = 1}), start({.seed = 2}));
  EXPECT_NE(start({.seed = 1, .update = 1}), start({.seed = 1, .update = 2}));
  EXPECT_NE(start({.seed = 1, .first_episode = 1}), start({.seed = 1, .first_episode = 2}));
  EXPECT_EQ(start({.seed = 1, .first_global_episode = 1}), start({.seed = 1, .first_global_episode = 2}));
}

// A task without trials leaves both arrays as they are; one with trials ends some within its usual episode, and keeps
// the last observation of those alone that it truncates.
TEST_P(EveryTask, OnlyATaskWithTrialsEndsThem) {
  const bool has_trials = FindSpec(GetParam())->has_trials;
  Player player(GetParam(), options_, 2);
  bool ended = false;
  for (uint32_t t = 0; t < std::min(300u, player.environment().horizon()); ++t) {
    std::fill(player.trial_end.begin(), player.trial_end.end(), -1.0f);
    std::fill(player.final_observation.begin(), player.final_observation.end(), -7.0f);
    player.Step(1);
    for (size_t lane = 0; lane < 2; ++lane) {
      const float end = player.trial_end[lane];
      ended |= end == kTerminated || end == kTruncated;
      EXPECT_TRUE(has_trials ? end == kGoesOn || end == kTerminated || end == kTruncated : end == -1) << end;
      for (size_t i = lane; i < player.final_observation.size(); i += 2) {
        const bool none = has_trials && end != kTruncated;
        if (!has_trials || none) {
          EXPECT_EQ(player.final_observation[i], none ? 0 : -7);
        }
      }
    }
  }
  EXPECT_EQ(ended, has_trials);
}

// What no policy gives: the environment takes something legal in its place and touches no memory that is not its own.
TEST_P(EveryTask, AnActionOutsideCountsAsOneWithin) {
  const v1::ActionSpace space = FindSpec(GetParam())->action;
  for (const float u : {-1e30f, -1.0f, 1e30f}) {
    Player player(GetParam(), options_, 3);
    player.Step(u);
    for (size_t i = 0; i < player.action.size(); ++i) {
      const int component = static_cast<int>(i / 3);
      EXPECT_GE(player.action[i], space.has_box() ? space.box().low(component) : 0);
      EXPECT_LE(player.action[i], space.has_box() ? space.box().high(component) : space.discrete() - 1);
    }
  }
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

TEST_P(EveryTask, StepCostIsPaidForEveryLane) {
  options_.set_step_cost_us(500);
  Player player(GetParam(), options_, 10);
  const double start = ThreadSeconds();
  for (int t = 0; t < 4; ++t) player.Step(0.0f);
  EXPECT_GE(ThreadSeconds() - start, 0.02);
}

TEST_P(EveryTask, StepCostIsTimeOfTheCoreEvenWhereThreadsShareIt) {
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
TEST_P(EveryTask, TheActionThatIsFedBackIsThatOfTheDeclaredSpace) {
  const v1::ActionSpace space = FindSpec(GetParam())->action;
  if (!space.has_box()) return;
  const v1::BoxSpace& box = space.box();
  const std::vector<float> u = {-1000, -4.5f, -4, -2, -1, -0.3f, 0, 0.1f, 1, 1.9f, 2, 3.3f, 4, 7, 1000};
  Player player(GetParam(), options_, u.size());
  for (size_t i = 0; i < player.u.size(); ++i) player.u[i] = u[(i + i / u.size()) % u.size()];
  player.Step();
  for (size_t i = 0; i < player.u.size(); ++i) {
    const int component = static_cast<int>(i / u.size());
    const double low = box.low(component), high = box.high(component), action = player.action[i];
    const double scaled = box.offset(component) + double{box.scale(component)} * player.u[i];
    EXPECT_GE(action, low);
    EXPECT_LE(action, high);
    if (box.bound() == v1::BoxSpace::CLIP) {
      EXPECT_FLOAT_EQ(player.action[i], static_cast<float>(std::clamp(scaled, low, high))) << player.u[i];
    } else {
      EXPECT_NEAR(std::remainder(action - scaled, high - low), 0, 1e-6 * std::abs(scaled) + 1e-6) << player.u[i];
    }
  }
}

TEST_P(EveryTask, SpecNamesItsSizes) {
  const auto spec = FindSpec(GetParam()).value();
  EXPECT_EQ(spec.name, GetParam());
  options_.set_horizon(0);
  EXPECT_EQ(MakeEnvironment(GetParam(), options_, 1).value()->horizon(), spec.default_horizon);
  options_.set_horizon(77);
  EXPECT_EQ(MakeEnvironment(GetParam(), options_, 1).value()->horizon(), 77u);
}

}  // namespace
}  // namespace nmn::env
