#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "common/env/pendulum.h"

namespace nmn::scripted {

// What a pendulum whose forces are known can still get, by value iteration on a grid: of angle and speed, for a few
// masses and lengths and both directions of gravity, over as many steps as an episode has. Between the points of the
// grid, and between masses and lengths, values are interpolated. The policy that looks one step ahead with the true
// forces is close to the best there is; how close, tests/unit/cli/scripted/pendulum_test.cc asks.
class PendulumValues {
 public:
  // The one table that there is, made when it is first asked for.
  static const PendulumValues& Get();

  struct State {
    double angle = 0, speed = 0;
  };
  // The return of kSteps steps from here.
  double Value(const env::PendulumTask& task, const State& state) const;
  // The torque that is best here.
  float BestTorque(const env::PendulumTask& task, const State& state) const;

  static constexpr size_t kAngles = 64, kSpeeds = 65, kSizes = 4, kSteps = 200;

 private:
  struct Weighed {
    const float* values;
    float weight;
  };

  PendulumValues();
  // The tables around a mass and a length.
  std::array<Weighed, 4> Around(const env::PendulumTask& task) const;

  std::vector<float> values_;  // [table, angle, speed]
};

}  // namespace nmn::scripted
