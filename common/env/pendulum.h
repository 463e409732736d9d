#pragma once

#include <memory>

#include "common/env/environment.h"

namespace nmn::env {

// A pendulum to be swung up and held there (docs/specification.md section 5.2). Hidden are its mass, its length and
// whether gravity pulls down (1) or up (-1). An angle is 0 upright. What a rule that knows the task needs of it:
inline constexpr float kPendulumStep = 0.05f;  // seconds
inline constexpr float kPendulumGravity = 10;
inline constexpr float kPendulumTorque = 2;                          // the largest
inline constexpr float kPendulumSpeed = 8;                           // the largest, radians a second
inline constexpr float kPendulumLeast = 0.7f, kPendulumMost = 1.3f;  // of mass and of length

struct PendulumTask {
  float mass = 0, length = 0, gravity = 0;
};

// Angular acceleration = turning * sin(angle) + pushing * torque.
struct PendulumForces {
  float turning = 0, pushing = 0;
};
PendulumForces ForcesOf(const PendulumTask& task);

EnvironmentSpec PendulumSpec();
std::unique_ptr<BatchedEnvironment> MakePendulum(const v1::EnvironmentOptions& options, size_t max_lanes);

}  // namespace nmn::env
