#include "common/env/pendulum.h"

#include <algorithm>
#include <numbers>
#include <vector>

#include "common/env/batch_base.h"
#include "common/rng/batch.h"

namespace nmn::env {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr float kFirstSpeed = 1;
constexpr float kUpright = 0.95f;  // cosine from which a step counts

class Pendulum final : public BatchBase {
 public:
  Pendulum(const v1::EnvironmentOptions& options, size_t max_lanes)
      : BatchBase(PendulumSpec(), options, max_lanes),
        task_(max_lanes),
        forces_(max_lanes),
        angle_(max_lanes),
        speed_(max_lanes),
        sine_(max_lanes),
        cosine_(max_lanes) {}

  void ReadTask(size_t lane, std::span<float> out) const override {
    out[0] = task_[lane].mass;
    out[1] = task_[lane].length;
    out[2] = task_[lane].gravity;
  }
  void ReadState(size_t lane, std::span<float> out) const override {
    out[0] = angle_[lane];
    out[1] = speed_[lane];
  }

 private:
  void Begin(size_t lane) override {
    const rng::Block words = rng::Draw(Now(lane), rng::Purpose::kTask);
    PendulumTask& task = task_[lane];
    task.mass = rng::Uniform(words[0], kPendulumLeast, kPendulumMost);
    task.length = rng::Uniform(words[1], kPendulumLeast, kPendulumMost);
    task.gravity = words[2] >> 31 == 0 ? 1 : -1;
    forces_[lane] = ForcesOf(task);
    const rng::Block start = rng::Draw(Now(lane), rng::Purpose::kPosition);
    angle_[lane] = rng::Uniform(start[0], -kPi, kPi);
    speed_[lane] = rng::Uniform(start[1], -kFirstSpeed, kFirstSpeed);
  }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const View2 action = result.action;
    float* const reward = result.reward;
    const float* u = raw_action.row(0);
    float* torque = action.row(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      torque[lane] = std::clamp(kPendulumTorque * u[lane], -kPendulumTorque, kPendulumTorque);
      const float acceleration = forces_[lane].turning * sine_[lane] + forces_[lane].pushing * torque[lane];
      speed_[lane] = std::clamp(speed_[lane] + kPendulumStep * acceleration, -kPendulumSpeed, kPendulumSpeed);
      angle_[lane] += kPendulumStep * speed_[lane];
      if (angle_[lane] >= kPi) angle_[lane] -= 2 * kPi;
      if (angle_[lane] < -kPi) angle_[lane] += 2 * kPi;
    }
    rng::SinCos(angle_.data(), lanes(), sine_.data(), cosine_.data());
    double* upright = measure(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      reward[lane] = (1 + cosine_[lane]) / 2;
      upright[lane] += cosine_[lane] >= kUpright ? 1 : 0;
    }
  }

  void BeforeObservation() override {
    if (step() == 0) rng::SinCos(angle_.data(), lanes(), sine_.data(), cosine_.data());
  }

  void Observe(View2 observation) const override {
    std::copy_n(cosine_.begin(), lanes(), observation.row(0));
    std::copy_n(sine_.begin(), lanes(), observation.row(1));
    for (size_t lane = 0; lane < lanes(); ++lane) observation(2, lane) = speed_[lane] / kPendulumSpeed;
  }

  std::vector<PendulumTask> task_;      // [lane]
  std::vector<PendulumForces> forces_;  // [lane]
  std::vector<float> angle_, speed_;    // [lane] radians in [-pi, pi), radians a second
  std::vector<float> sine_, cosine_;    // [lane] of the angle
};

}  // namespace

// A rod of mass m and length l that turns about its end: moment of inertia m l^2 / 3, weight at l / 2.
PendulumForces ForcesOf(const PendulumTask& task) {
  return {task.gravity * 1.5f * kPendulumGravity / task.length, 3 / (task.mass * task.length * task.length)};
}

EnvironmentSpec PendulumSpec() {
  return {.name = "pendulum",
          .title = "pendulum swing-up",
          .observation_size = 3,
          .action = Numbers(1, -kPendulumTorque, kPendulumTorque, kPendulumTorque, v1::BoxSpace::CLIP),
          .default_horizon = 200,
          .measures = {"upright_steps"},
          .task_variables = {"mass", "length", "gravity"},
          .state_variables = {"angle", "speed"},
          .oracle_return = 190.9,  // section 5.2
          .oracle_discounted = 156.1,
          .oracle_horizon = 200,
          .random_return = 100};
}

std::unique_ptr<BatchedEnvironment> MakePendulum(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<Pendulum>(options, max_lanes);
}

}  // namespace nmn::env
