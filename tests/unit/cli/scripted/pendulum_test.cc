// The pendulum's rules: against what their own tables promise, a simulation that shares no code, and the figures of
// docs/specification.md section 5.2.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "cli/scripted/pendulum_values.h"
#include "tests/unit/cli/scripted/evaluate.h"

namespace nmn::scripted {
namespace {

constexpr double kErrors = 4;
constexpr size_t kEpisodes = 1000;

Estimate Measured(std::string_view rule) { return EstimateOf(Play(rule, "pendulum", {}, kEpisodes).raw); }

TEST(PendulumRules, GetTheirFigures) {
  const env::EnvironmentSpec spec = *env::FindSpec("pendulum");
  const Estimate oracle = Measured("oracle"), random = Measured("random"), adaptive = Measured("adaptive");
  EXPECT_NEAR(oracle.mean, spec.oracle_return, kErrors * oracle.error);
  EXPECT_NEAR(random.mean, *spec.random_return, kErrors * random.error);
  // To measure the task costs next to nothing.
  EXPECT_GT(adaptive.mean, oracle.mean - 3);
  EXPECT_LT(adaptive.mean, oracle.mean + kErrors * oracle.error);
}

// What the tables promise of a start is what the rule gets from it: the grid is fine enough, and nothing that looks
// better than the bound is left on it.
TEST(PendulumValues, PromiseWhatTheirPolicyGets) {
  const Returns returns = Play("oracle", "pendulum", {}, kEpisodes);
  const auto environment = env::MakeEnvironment("pendulum", {}, kEpisodes).value();
  std::vector<float> x(3 * kEpisodes);
  environment->Reset({.seed = 20}, {x.data(), 3, kEpisodes});
  std::vector<double> promised, gained;
  for (size_t lane = 0; lane < kEpisodes; ++lane) {
    std::array<float, 3> task;
    std::array<float, 2> state;
    environment->ReadTask(lane, task);
    environment->ReadState(lane, state);
    promised.push_back(PendulumValues::Get().Value({task[0], task[1], task[2]}, {state[0], state[1]}));
    gained.push_back(returns.raw[lane] - promised.back());
  }
  EXPECT_NEAR(EstimateOf(gained).mean, 0, 1.5);  // of 191
  EXPECT_GT(EstimateOf(promised).mean, 185);
}

// The rule on a pendulum that is written from the page alone, in double precision.
TEST(PendulumValues, SwingUpAPendulumOfAnotherProgram) {
  std::mt19937_64 generator(5);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(generator);
  };
  std::vector<double> returns(kEpisodes);
  for (double& sum : returns) {
    const double mass = uniform(0.7, 1.3), length = uniform(0.7, 1.3), gravity = uniform(0, 1) < 0.5 ? 1 : -1;
    double angle = uniform(-std::numbers::pi, std::numbers::pi), speed = uniform(-1, 1);
    const env::PendulumTask task = {static_cast<float>(mass), static_cast<float>(length), static_cast<float>(gravity)};
    for (int t = 0; t < 200; ++t) {
      const double torque = PendulumValues::Get().BestTorque(task, {angle, speed});
      const double turn = 10 * gravity * mass * length / 2 * std::sin(angle) + torque;
      speed = std::clamp(speed + 0.05 * turn / (mass * length * length / 3), -8.0, 8.0);
      angle += 0.05 * speed;
      sum += (1 + std::cos(angle)) / 2;
    }
  }
  const Estimate ours = Measured("oracle"), theirs = EstimateOf(returns);
  EXPECT_NEAR(ours.mean, theirs.mean, kErrors * std::hypot(ours.error, theirs.error));
}

}  // namespace
}  // namespace nmn::scripted
