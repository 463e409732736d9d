#include "common/env/tabular.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "common/rng/philox.h"
#include "tests/unit/common/env/moments.h"
#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

constexpr double kErrors = 4;
constexpr const char* kTask = "tabular";

// Mean rewards are N(1, 1). A chance of Dirichlet(1, .., 1) with 10 parts has mean 1/10 and second moment 2 / 110, that
// of two parts multiplied has mean 1 / 110; the first, a middle and the last part are alike.
TEST(Tabular, ProcessesAreDrawnAsSaid) {
  constexpr size_t kLanes = 400;
  Player player(kTask, {}, kLanes);
  std::vector<double> mean, square, product;
  std::vector<std::vector<double>> chance(3), squares(3);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const std::vector<float> task = player.task(lane);
    for (size_t pair = 0; pair < kTabularPairs; ++pair) {
      mean.push_back(task[pair] - 1);
      square.push_back((task[pair] - 1) * (task[pair] - 1));
      const float* below = &task[kTabularPairs + pair * kTabularCuts];
      ASSERT_TRUE(std::is_sorted(below, below + kTabularCuts));
      const double parts[] = {below[0], below[5] - below[4], 1 - below[kTabularCuts - 1]};
      for (size_t i = 0; i < 3; ++i) {
        chance[i].push_back(parts[i]);
        squares[i].push_back(parts[i] * parts[i]);
      }
      product.push_back(parts[0] * parts[2]);
    }
  }
  const auto expect = [](const std::vector<double>& values, double value) {
    EXPECT_NEAR(MomentsOf(values).mean, value, kErrors * MomentsOf(values).error);
  };
  expect(mean, 0);
  expect(square, 1);
  expect(product, 1 / 110.0);
  for (size_t i = 0; i < 3; ++i) {
    expect(chance[i], 1 / 10.0);
    expect(squares[i], 2 / 110.0);
  }
}

uint32_t StateOf(const Player& player, size_t lane) {
  uint32_t state = kTabularStates, ones = 0;
  for (uint32_t i = 0; i < kTabularStates; ++i) {
    if (player.x(i, lane) == 0) continue;
    EXPECT_EQ(player.x(i, lane), 1);
    state = i;
    ++ones;
  }
  EXPECT_EQ(ones, 1u);
  return state;
}

// Next states and rewards follow the process that the episode drew: chi-square over the ten next states, and rewards
// less their means are N(0, 1).
TEST(Tabular, StepsFollowTheProcess) {
  constexpr size_t kLanes = 200;
  v1::EnvironmentOptions options;
  options.set_horizon(1000);
  Player player(kTask, options, kLanes);
  std::vector<double> noise, square;
  double chi_square = 0, degrees = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) EXPECT_EQ(StateOf(player, lane), 0u);
  // From state 0 with action 0, which every trial passes: how often each state came next, by lane.
  std::vector<std::vector<double>> next(kLanes, std::vector<double>(kTabularStates));
  for (uint32_t t = 0; t < 1000; ++t) {
    std::vector<uint32_t> before(kLanes);
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      before[lane] = StateOf(player, lane);
      player.u[lane] =
          t % 10 == 0 ? 0 : static_cast<float>(rng::Draw({5, 0, lane, t}, rng::Purpose::kActionNoise)[0] % 5);
    }
    player.Step();
    for (size_t lane = 0; lane < kLanes; ++lane) {
      ASSERT_EQ(player.trial_end[lane], t % 10 == 9 ? kTruncated : kGoesOn);
      ASSERT_TRUE(t % 10 != 9 || StateOf(player, lane) == 0);
      const size_t pair = before[lane] * kTabularActions + static_cast<size_t>(player.u[lane]);
      const double off = player.reward[lane] - player.task(lane)[pair];
      noise.push_back(off);
      square.push_back(off * off);
      if (t % 10 == 0) next[lane][StateOf(player, lane)] += 1;
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const std::vector<float> task = player.task(lane);
    double below = 0;
    for (uint32_t k = 0; k < kTabularStates; ++k) {
      const double up_to = k < kTabularCuts ? task[kTabularPairs + k] : 1, expected = 100 * (up_to - below);
      below = up_to;
      if (expected < 5) continue;
      chi_square += std::pow(next[lane][k] - expected, 2) / (expected * (1 - expected / 100));
      degrees += 1;
    }
  }
  EXPECT_NEAR(chi_square / degrees, 1, 5 * std::sqrt(2 / degrees));
  EXPECT_NEAR(MomentsOf(noise).mean, 0, kErrors * MomentsOf(noise).error);
  EXPECT_NEAR(MomentsOf(square).mean, 1, kErrors * MomentsOf(square).error);
}

TEST(Tabular, TheLastObservationOfATrialIsKept) {
  Player player(kTask, {}, 30);
  bool elsewhere = false;
  for (uint32_t t = 0; t < 100; ++t) {
    player.Step(static_cast<float>(t % 5));
    for (size_t lane = 0; lane < 30; ++lane) {
      double ones = 0;
      for (size_t i = 0; i < kTabularStates; ++i) ones += player.final_observation[i * 30 + lane];
      ASSERT_EQ(ones, t % 10 == 9 ? 1 : 0);
      elsewhere |= t % 10 == 9 && player.final_observation[lane] == 0;
    }
  }
  EXPECT_TRUE(elsewhere);
}

}  // namespace
}  // namespace nmn::env
