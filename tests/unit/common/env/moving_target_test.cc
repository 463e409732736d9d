#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

v1::EnvironmentOptions Options(v1::Domain domain, std::vector<float> tasks = {}) {
  v1::EnvironmentOptions options;
  options.set_domain(domain);
  options.mutable_tasks()->Add(tasks.begin(), tasks.end());
  return options;
}

TEST(MovingTarget, ReferenceDomainDisplaysTheDrawnPositionAndShiftsTheTarget) {
  Player player("b1", Options(v1::DOMAIN_REFERENCE, {7.5f}), 2000);
  for (size_t lane = 0; lane < 2000; ++lane) {
    const auto state = player.state(lane);
    EXPECT_EQ(player.task(lane)[0], 7.5f);
    EXPECT_EQ(state[0], player.x(0, lane));
    EXPECT_EQ(state[1], player.x(0, lane) + 7.5f);
    EXPECT_LE(std::abs(player.x(0, lane)), 5);
  }
}

TEST(MovingTarget, PaperDomainDrawsTheTargetAndShiftsWhatIsDisplayed) {
  Player player("b1", Options(v1::DOMAIN_PAPER, {-4.0f}), 2000);
  float widest = 0;
  for (size_t lane = 0; lane < 2000; ++lane) {
    const auto state = player.state(lane);
    EXPECT_EQ(player.x(0, lane), state[1] - 4.0f);
    widest = std::max(widest, std::abs(state[1]));
  }
  EXPECT_LE(widest, 15);
  EXPECT_GT(widest, 14.9f);
}

TEST(MovingTarget, ActionIsFiveTimesUClippedAt20) {
  Player player("b1", Options(v1::DOMAIN_REFERENCE), 5);
  player.u = {0.3f, 3.9f, 4.1f, -7.0f, 3e38f};
  player.Step();
  EXPECT_EQ(player.action, (std::vector<float>{1.5f, 19.5f, 20, -20, 20}));
}

TEST(MovingTarget, MissKeepsThePositionAndCostsTheDistance) {
  Player player("b1", Options(v1::DOMAIN_REFERENCE, {10}), 1);
  const auto before = player.state();
  player.Step(0.5f);
  EXPECT_EQ(player.reward[0], -std::abs(2.5f - before[1]));
  EXPECT_EQ(player.state(), before);
  EXPECT_EQ(player.x(0), before[0]);
}

TEST(MovingTarget, HitPaysTenAndDrawsAnotherPosition) {
  Player player("b1", Options(v1::DOMAIN_REFERENCE, {10}), 1);
  for (int t = 0; t < 100; ++t) {
    const auto before = player.state();
    player.Step((before[1] + 0.9f) / 5);
    EXPECT_EQ(player.reward[0], 10);
    EXPECT_NE(player.state()[0], before[0]);
    EXPECT_EQ(player.state()[1], player.x(0) + 10);
  }
}

TEST(MovingTarget, ADistanceOfExactlyOneIsAMiss) {
  constexpr size_t kLanes = 4000;
  Player player("b1", Options(v1::DOMAIN_REFERENCE), kLanes);
  std::vector<float> distance(kLanes);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    player.u[lane] = (player.state(lane)[1] + 1) / 5;
    distance[lane] = std::abs(5 * player.u[lane] - player.state(lane)[1]);
  }
  player.Step();
  int exact = 0, nearer = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    exact += distance[lane] == 1;
    nearer += distance[lane] < 1;
    EXPECT_EQ(player.reward[lane] == 10, distance[lane] < 1);
  }
  EXPECT_GT(exact, 100);
  EXPECT_GT(nearer, 100);
}

TEST(MovingTarget, OnlyTheReferenceDomainClipsTheRewardAndTheMeasureIsNeverClipped) {
  for (const auto domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    Player player("b1", Options(domain, {-10}), 500);
    std::vector<float> distance(500);
    for (size_t lane = 0; lane < 500; ++lane) distance[lane] = std::abs(20 - player.state(lane)[1]);
    player.Step(100);
    player.Step(100);
    int beyond = 0;
    for (size_t lane = 0; lane < 500; ++lane) {
      if (distance[lane] <= 20) continue;
      ++beyond;
      EXPECT_EQ(player.reward[lane], domain == v1::DOMAIN_PAPER ? -distance[lane] : -20);
      EXPECT_DOUBLE_EQ(player.environment().Measure(0, lane), 2.0 * distance[lane]);
    }
    EXPECT_GT(beyond, 100);
  }
}

TEST(MovingTarget, AnOracleGetsExactly14000AndTheDiscountedSum) {
  for (const auto domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    Player player("b1", Options(domain), 64);
    std::vector<double> sum(64), discounted(64);
    double weight = 1;
    for (uint32_t t = 0; t < player.environment().horizon(); ++t, weight *= 0.998) {
      for (size_t lane = 0; lane < 64; ++lane) player.u[lane] = player.state(lane)[1] / 5;
      player.Step();
      for (size_t lane = 0; lane < 64; ++lane) {
        sum[lane] += player.reward[lane];
        discounted[lane] += weight * player.reward[lane];
      }
    }
    for (size_t lane = 0; lane < 64; ++lane) {
      EXPECT_EQ(sum[lane], 14000);
      EXPECT_NEAR(discounted[lane], 4696.8, 0.05);
    }
  }
}

TEST(MovingTarget, SwitchBetweenStepsKeepsTheDrawnPositionAndMovesTheOther) {
  for (const auto domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    auto options = Options(domain, {9, -9});
    options.add_switch_steps(2);
    Player player("b1", options, 1);
    const auto before = player.state();
    player.Step(before[1] > 0 ? -4 : 4);
    EXPECT_EQ(player.state(), before);
    player.Step(before[1] > 0 ? -4 : 4);
    EXPECT_EQ(player.task()[0], -9);
    const auto after = player.state();
    if (domain == v1::DOMAIN_REFERENCE) {
      EXPECT_EQ(after[0], before[0]);
      EXPECT_EQ(after[1], before[0] - 9);
    } else {
      EXPECT_EQ(after[1], before[1]);
      EXPECT_EQ(after[0], before[1] - 9);
    }
    EXPECT_EQ(player.x(0), after[0]);
  }
}

}  // namespace
}  // namespace nmn::env
