// Benchmark 2: without memory, adaptive, oracle.
#include "common/env/windy_navigation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "cli/scripted/course.h"
#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

// Mean of the wind's steps: direction w + U[-cone, cone], length 0.25.
Vector MeanWind(double direction, double cone) {
  return Direction(direction) * (kSpeed * (cone > 0 ? std::sin(cone) / cone : 1));
}

class Memoryless final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment&, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      raw_action(0, lane) = RawAngle(AngleOf({observation(0, lane), observation(1, lane)}));
    }
  }
};

class Oracle final : public ScriptedPolicy {
 public:
  explicit Oracle(const v1::EnvironmentOptions& options) : cone_(options.cone()) {}
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      std::array<float, 3> task;  // wind, target
      environment.ReadTask(lane, task);
      raw_action(0, lane) =
          RawAngle(CourseInDrift({observation(0, lane), observation(1, lane)}, MeanWind(task[0], cone_)));
    }
  }

 private:
  const double cone_;
};

// Its own displacement, less its own step, is one draw of the wind. Every draw lies within the cone of the main
// direction, so that lies in the intersection of the draws' cones: its middle is the estimate. An empty intersection
// says that the wind has switched.
class Adaptive final : public ScriptedPolicy {
 public:
  Adaptive(const v1::EnvironmentOptions& options, size_t max_lanes) : cone_(options.cone()), belief_(max_lanes) {}

  void Reset(const env::BatchKey&, size_t lanes) override { std::fill_n(belief_.begin(), lanes, Belief()); }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2 previous_action,
           const float* previous_reward, View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      Belief& belief = belief_[lane];
      const Vector x = {observation(0, lane), observation(1, lane)};
      if (t > 0 && previous_reward[lane] < 0) Learn(belief.x - x, previous_action(0, lane), belief);
      belief.x = x;
      const double middle = belief.origin + (belief.low + belief.high) / 2;
      raw_action(0, lane) = RawAngle(CourseInDrift(x, belief.known ? MeanWind(middle, cone_) : Vector()));
    }
  }

 private:
  struct Belief {
    bool known = false;
    double origin = 0;         // direction of the first draw
    double low = 0, high = 0;  // the main direction lies in origin + [low, high]
    Vector x;                  // displayed at the last action
  };

  void Learn(Vector displacement, float action, Belief& belief) const {
    constexpr double kRounding = 1e-4;  // of a direction got from float32 displacements
    const double direction = AngleOf(Nearest(displacement - Direction(action) * kSpeed));
    const double reach = cone_ + kRounding;
    if (belief.known) {
      const double offset = std::remainder(direction - belief.origin, 2 * std::numbers::pi);
      belief.low = std::max(belief.low, offset - reach);
      belief.high = std::min(belief.high, offset + reach);
      if (belief.low <= belief.high) return;
    }
    belief.known = true;
    belief.origin = direction;
    belief.low = -reach;
    belief.high = reach;
  }

  const double cone_;
  std::vector<Belief> belief_;  // [lane]
};

}  // namespace

TaskRules WindyNavigationRules() {
  return {.task = env::WindyNavigationSpec().name,
          .rules = {{"zero", MakeZero},
                    {"untrained", MakeUntrained},
                    {"memoryless", Make<Memoryless>},
                    {"adaptive", Make<Adaptive>},
                    {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
