#pragma once

#include <cmath>
#include <numbers>

// Steering on the torus [-2, 2]^2 of benchmarks 2 and 3.
namespace nmn::scripted {

inline constexpr double kSpeed = 0.25;  // length of a step, and of the wind's
inline constexpr double kHitRadius = 0.4;
inline constexpr double kTorusWidth = 4;

struct Vector {
  double x = 0;
  double y = 0;

  Vector operator+(Vector o) const { return {x + o.x, y + o.y}; }
  Vector operator-(Vector o) const { return {x - o.x, y - o.y}; }
  Vector operator*(double s) const { return {x * s, y * s}; }
};

inline Vector Direction(double angle) { return {std::cos(angle), std::sin(angle)}; }
inline double Dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y; }
inline double Length(Vector v) { return std::hypot(v.x, v.y); }
inline double AngleOf(Vector v) { return std::atan2(v.y, v.x); }
// The shortest of the differences that mean the same on the torus.
inline Vector Nearest(Vector v) { return {std::remainder(v.x, kTorusWidth), std::remainder(v.y, kTorusWidth)}; }
// u of an angle.
inline float RawAngle(double angle) { return static_cast<float>(angle / std::numbers::pi); }

// The angle that brings the agent within the hit radius of a target soonest when `drift` is added to every step, going
// through the edge where that is shorter. target: displacement from the agent.
double CourseInDrift(Vector target, Vector drift);

// A way that ends in a hit of the good target and meets no hit of the bad one on its steps: straight to the good
// target's nearest image where that is free, else the one of the fewest steps among ways with one bend (first along one
// of 72 directions, then straight to the good target). To be asked anew at every step, so what is sailed may bend more
// often. Displacements from the agent; both targets repeat with the torus.
struct Course {
  double angle = 0;  // of the first step
  int steps = 0;     // until the hit; 40 where no way was found
};
Course CourseAround(Vector good, Vector bad);

}  // namespace nmn::scripted
