// The pendulum: a rule that knows its task, and one that measures it first.
#include "common/env/pendulum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "cli/scripted/pendulum_values.h"
#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

class Oracle final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      std::array<float, 3> task;   // mass, length, gravity
      std::array<float, 2> state;  // angle, speed
      environment.ReadTask(lane, task);
      environment.ReadState(lane, state);
      raw_action(0, lane) =
          PendulumValues::Get().BestTorque({task[0], task[1], task[2]}, {state[0], state[1]}) / env::kPendulumTorque;
    }
  }
};

// Each step shows an acceleration, which is turning * sin(angle) + pushing * torque: two of them with other torques
// settle both, and with them mass and length. Until then it pushes with all its torque, one way and then the other;
// a step that ends at the largest speed shows nothing.
class Adaptive final : public ScriptedPolicy {
 public:
  Adaptive(const v1::EnvironmentOptions&, size_t max_lanes) : seen_(max_lanes) {}

  void Reset(const env::BatchKey&, size_t lanes) override { std::fill_n(seen_.begin(), lanes, Seen()); }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2 previous_action, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      Seen& seen = seen_[lane];
      const double speed = double{observation(2, lane)} * env::kPendulumSpeed;
      if (t > 0) Learn(previous_action(0, lane), speed, seen);
      seen.sine = observation(1, lane);
      seen.speed = speed;
      raw_action(0, lane) = Torque(seen, observation(0, lane), t) / env::kPendulumTorque;
    }
  }

 private:
  // Sums of least squares over the steps so far, and what was observed at the last.
  struct Seen {
    double ss = 0, st = 0, tt = 0, sa = 0, ta = 0;
    double sine = 0, speed = 0;
  };

  static void Learn(double torque, double speed, Seen& seen) {
    if (std::abs(speed) >= 0.999 * env::kPendulumSpeed) return;
    const double acceleration = (speed - seen.speed) / env::kPendulumStep;
    seen.ss += seen.sine * seen.sine;
    seen.st += seen.sine * torque;
    seen.tt += torque * torque;
    seen.sa += seen.sine * acceleration;
    seen.ta += torque * acceleration;
  }

  static float Torque(const Seen& seen, double cosine, uint32_t t) {
    const double determinant = seen.ss * seen.tt - seen.st * seen.st;
    if (determinant < 1e-4) return t % 2 == 0 ? env::kPendulumTorque : -env::kPendulumTorque;
    const double turning = (seen.sa * seen.tt - seen.ta * seen.st) / determinant;
    const double pushing = (seen.ta * seen.ss - seen.sa * seen.st) / determinant;
    const auto within = [](double size) {
      return static_cast<float>(std::clamp<double>(size, env::kPendulumLeast, env::kPendulumMost));
    };
    const float length = within(1.5 * env::kPendulumGravity / std::max(std::abs(turning), 1e-3));
    const float mass = within(3 / (std::max(pushing, 1e-3) * length * length));
    const float gravity = turning > 0 ? 1.0f : -1.0f;
    return PendulumValues::Get().BestTorque({mass, length, gravity}, {std::atan2(seen.sine, cosine), seen.speed});
  }

  std::vector<Seen> seen_;  // [lane]
};

}  // namespace

TaskRules PendulumRules() {
  return {
      .task = env::PendulumSpec().name,
      .rules = {
          {"zero", MakeZero}, {"untrained", MakeUntrained}, {"adaptive", Make<Adaptive>}, {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
