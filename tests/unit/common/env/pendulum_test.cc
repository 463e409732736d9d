#include "common/env/pendulum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "common/rng/philox.h"
#include "tests/unit/common/env/moments.h"
#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

constexpr double kErrors = 4;
constexpr double kPi = std::numbers::pi;

// Mass and length ~ U[0.7, 1.3], gravity a fair coin, the angle anywhere, the speed ~ U[-1, 1]; of each the mean and
// the second moment.
TEST(Pendulum, TasksAndStartsAreDrawnAsSaid) {
  constexpr size_t kLanes = 8000;
  Player player("pendulum", {}, kLanes);
  const std::vector<std::tuple<double, double>> ranges = {{0.7, 1.3}, {0.7, 1.3}, {-1, 1}, {-kPi, kPi}, {-1, 1}};
  std::vector<std::vector<double>> drawn(5), squares(5);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    std::vector<float> numbers = player.task(lane);
    const std::vector<float> state = player.state(lane);
    numbers.insert(numbers.end(), state.begin(), state.end());
    for (size_t i = 0; i < 5; ++i) {
      const auto [low, high] = ranges[i];
      ASSERT_GE(numbers[i], low - 1e-6);
      ASSERT_LE(numbers[i], high + 1e-6);
      const double centred = (numbers[i] - (low + high) / 2) / ((high - low) / 2);  // in [-1, 1]
      drawn[i].push_back(centred);
      squares[i].push_back(centred * centred);
    }
    EXPECT_EQ(std::abs(numbers[2]), 1);
  }
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(MomentsOf(drawn[i]).mean, 0, kErrors * MomentsOf(drawn[i]).error) << i;
    if (i == 2) continue;  // a coin
    EXPECT_NEAR(MomentsOf(squares[i]).mean, 1 / 3.0, kErrors * MomentsOf(squares[i]).error) << i;
  }
}

// A rod of mass m and length l about its end, by its moment of inertia, its weight and the torque, in double precision.
struct Rod {
  double mass, length, gravity, angle, speed;
  double Step(double torque) {
    const double inertia = mass * length * length / 3;
    const double weight = 10 * gravity * mass * length / 2 * std::sin(angle);
    speed = std::clamp(speed + 0.05 * (weight + torque) / inertia, -8.0, 8.0);
    angle += 0.05 * speed;
    return (1 + std::cos(angle)) / 2;
  }
};

TEST(Pendulum, MovesAsTheEquationsSay) {
  constexpr size_t kLanes = 50;
  Player player("pendulum", {}, kLanes);
  for (uint32_t t = 0; t < 200; ++t) {
    std::vector<Rod> rods;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const auto task = player.task(lane), state = player.state(lane);
      rods.push_back({task[0], task[1], task[2], state[0], state[1]});
      player.u[lane] = 1.5f * rng::StepNormal({1, 0, static_cast<uint32_t>(lane), t}, rng::Purpose::kActionNoise);
    }
    player.Step();
    for (size_t lane = 0; lane < kLanes; ++lane) {
      Rod& rod = rods[lane];
      ASSERT_NEAR(player.reward[lane], rod.Step(std::clamp(2.0 * player.u[lane], -2.0, 2.0)), 1e-5);
      ASSERT_NEAR(std::remainder(player.state(lane)[0] - rod.angle, 2 * kPi), 0, 1e-5);
      ASSERT_NEAR(player.state(lane)[1], rod.speed, 1e-4);
      ASSERT_NEAR(player.x(0, lane), std::cos(rod.angle), 1e-5);
      ASSERT_NEAR(player.x(1, lane), std::sin(rod.angle), 1e-5);
      ASSERT_NEAR(player.x(2, lane), rod.speed / 8, 1e-4);
    }
  }
}

// Whole episodes of torques by chance, and of none, against a simulation by the standard library alone.
TEST(Pendulum, ReturnsAreThoseOfAnIndependentSimulation) {
  constexpr size_t kLanes = 4000;
  for (const bool pushed : {true, false}) {
    Player player("pendulum", {}, kLanes, {.seed = 3});
    std::vector<double> ours(kLanes), theirs(kLanes), upright;
    for (uint32_t t = 0; t < 200; ++t) {
      for (uint32_t lane = 0; lane < kLanes; ++lane)
        player.u[lane] = pushed ? rng::Uniform(rng::Draw({9, 0, lane, t}, rng::Purpose::kActionNoise)[0], -1, 1) : 0;
      player.Step();
      for (size_t lane = 0; lane < kLanes; ++lane) ours[lane] += player.reward[lane];
    }
    for (size_t lane = 0; lane < kLanes; ++lane) upright.push_back(player.environment().Measure(0, lane));
    std::mt19937_64 generator(17);
    const auto uniform = [&](double low, double high) {
      return std::uniform_real_distribution<double>(low, high)(generator);
    };
    std::vector<double> their_upright(kLanes);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      Rod rod{uniform(0.7, 1.3), uniform(0.7, 1.3), uniform(0, 1) < 0.5 ? 1.0 : -1.0, uniform(-kPi, kPi),
              uniform(-1, 1)};
      for (int t = 0; t < 200; ++t) {
        theirs[lane] += rod.Step(pushed ? uniform(-2, 2) : 0);
        their_upright[lane] += std::cos(rod.angle) >= 0.95 ? 1 : 0;
      }
    }
    const Moments a = MomentsOf(ours), b = MomentsOf(theirs);
    EXPECT_NEAR(a.mean, b.mean, kErrors * std::hypot(a.error, b.error)) << pushed;
    const Moments c = MomentsOf(upright), d = MomentsOf(their_upright);
    EXPECT_NEAR(c.mean, d.mean, kErrors * std::hypot(c.error, d.error)) << pushed;
  }
}

}  // namespace
}  // namespace nmn::env
