#include "cli/scripted/course.h"

#include <algorithm>
#include <limits>

namespace nmn::scripted {
namespace {

constexpr int kDirections = 72;
constexpr int kMaxSteps = 40;  // of a way, more than twice across the torus

// Least whole number of steps n with |target - drift n| <= speed n + radius; infinite if the drift carries away.
double StepsInDrift(Vector target, Vector drift) {
  const double gap = Dot(target, target) - kHitRadius * kHitRadius;
  if (gap <= 0) return 0;
  // The root of (speed^2 - drift^2) n^2 + 2 half n - gap = 0, in the form that holds where the first coefficient
  // vanishes.
  const double square = std::max(0.0, kSpeed * kSpeed - Dot(drift, drift));
  const double half = kSpeed * kHitRadius + Dot(target, drift);
  const double denominator = half + std::sqrt(half * half + square * gap);
  if (denominator <= 0) return std::numeric_limits<double>::infinity();
  return std::ceil(gap / denominator);
}

double WrapOnce(double c) {
  const double edge = kTorusWidth / 2;
  return c > edge ? c - kTorusWidth : c < -edge ? c + kTorusWidth : c;
}

// Steps of a straight way until it hits the good target; kMaxSteps where it hits the bad one first, or none. good, bad:
// nearest images.
int StepsAlong(double angle, Vector good, Vector bad) {
  const Vector step = Direction(angle) * kSpeed;
  for (int n = 0; n < kMaxSteps; ++n) {
    const double to_good = Dot(good, good);
    const double to_bad = Dot(bad, bad);
    if (std::min(to_good, to_bad) <= kHitRadius * kHitRadius) return to_good <= to_bad ? n : kMaxSteps;
    good = {WrapOnce(good.x - step.x), WrapOnce(good.y - step.y)};
    bad = {WrapOnce(bad.x - step.x), WrapOnce(bad.y - step.y)};
  }
  return kMaxSteps;
}

// Steps to the good target's nearest image if nothing were in the way.
int LeastSteps(Vector good) { return std::max(0, static_cast<int>(std::ceil((Length(good) - kHitRadius) / kSpeed))); }

// Ways that go on along `angle` for some steps, then straight to the good target.
void TryBentWays(double angle, Vector good, Vector bad, Course& best) {
  const Vector step = Direction(angle) * kSpeed;
  for (int n = 1; n < best.steps; ++n) {
    good = {WrapOnce(good.x - step.x), WrapOnce(good.y - step.y)};
    bad = {WrapOnce(bad.x - step.x), WrapOnce(bad.y - step.y)};
    const double to_bad = Dot(bad, bad);
    if (to_bad <= kHitRadius * kHitRadius && to_bad < Dot(good, good)) return;
    if (n + LeastSteps(good) >= best.steps) continue;
    const int steps = n + StepsAlong(AngleOf(good), good, bad);
    if (steps < best.steps) best = {angle, steps};
  }
}

}  // namespace

double CourseInDrift(Vector target, Vector drift) {
  double best_steps = std::numeric_limits<double>::infinity();
  double best_miss = 0;
  Vector best = target;
  for (int i = -1; i <= 1; ++i) {
    for (int j = -1; j <= 1; ++j) {
      const Vector image = target + Vector{i * kTorusWidth, j * kTorusWidth};
      const double steps = StepsInDrift(image, drift);
      if (steps > best_steps) continue;
      const Vector own = image - drift * steps;
      const double miss = Length(own) - kSpeed * steps;
      if (steps < best_steps || miss < best_miss) {
        best_steps = steps;
        best_miss = miss;
        best = own;
      }
    }
  }
  return AngleOf(best);
}

Course CourseAround(Vector good, Vector bad) {
  good = Nearest(good);
  bad = Nearest(bad);
  Course best = {AngleOf(good), StepsAlong(AngleOf(good), good, bad)};
  if (best.steps <= LeastSteps(good)) return best;
  const double straight = best.angle;
  for (int i = 1; i < kDirections; ++i) {
    const double angle = straight + i * 2 * std::numbers::pi / kDirections;
    TryBentWays(angle, good, bad, best);
  }
  return best;
}

}  // namespace nmn::scripted
