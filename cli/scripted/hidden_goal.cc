// The hidden goal: straight to it, and the search that finds it.
#include "common/env/hidden_goal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

struct Point {
  double x = 0, y = 0;
};
double Distance(const Point& a, const Point& b) { return std::hypot(a.x - b.x, a.y - b.y); }

// As far as one step leads on the straight line from here.
void Go(const Point& from, const Point& to, size_t lane, View2 raw_action) {
  const double dx = to.x - from.x, dy = to.y - from.y;
  const double largest = std::max({std::abs(dx), std::abs(dy), double{env::kGoalStep}});
  raw_action(0, lane) = static_cast<float>(dx / largest);
  raw_action(1, lane) = static_cast<float>(dy / largest);
}

class Oracle final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      std::array<float, 2> goal;
      environment.ReadTask(lane, goal);
      Go({observation(0, lane), observation(1, lane)}, {goal[0], goal[1]}, lane, raw_action);
    }
  }
};

// Walks on a circle inside that of the goals, from which each step sees the widest arc that its length allows, until
// there is a reward. The reward says how far the goal is: two places of the circle of goals, of which the one ahead is
// tried, because what lies behind was seen before. The next reward settles which it is. The goal is kept for all later
// trials; a trial that ends before leaves how far the walk came.
class Adaptive final : public ScriptedPolicy {
 public:
  Adaptive(const v1::EnvironmentOptions&, size_t max_lanes) : seen_(max_lanes) {}

  void Reset(const env::BatchKey&, size_t lanes) override { std::fill_n(seen_.begin(), lanes, Seen()); }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2 previous_action,
           const float* previous_reward, View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      Seen& seen = seen_[lane];
      if (t > 0) {
        // Where the last step led: what is observed after a trial's last step is the next one's start.
        const Point reached = {seen.at.x + previous_action(0, lane), seen.at.y + previous_action(1, lane)};
        Learn(reached, previous_reward[lane], seen);
      }
      seen.at = {observation(0, lane), observation(1, lane)};
      if (seen.candidates > 0) {
        Go(seen.at, seen.goal[0], lane, raw_action);
        continue;
      }
      Go(seen.at, Walk(seen.angle), lane, raw_action);
      // Next time a step farther, once the walk is where it should be.
      if (Distance(seen.at, Walk(seen.angle)) <= env::kGoalStep) seen.angle += kArc;
    }
  }

 private:
  static constexpr double kRadius = 0.75;
  static constexpr double kArc = 0.4;  // a chord of 0.3, which every direction allows

  struct Seen {
    Point at;
    double angle = 0;  // of the walk
    int candidates = 0;
    std::array<Point, 2> goal;  // the likelier first
  };

  static Point Walk(double angle) { return {kRadius * std::cos(angle), kRadius * std::sin(angle)}; }

  static void Learn(const Point& reached, float reward, Seen& seen) {
    const double distance = (1 - double{reward}) * env::kGoalNear;
    if (seen.candidates == 2) {
      const auto fits = [&](const Point& goal) {
        const double expected = Distance(reached, goal);
        return reward > 0 ? std::abs(expected - distance) < 1e-3 : expected >= env::kGoalNear - 1e-3;
      };
      if (!fits(seen.goal[0])) std::swap(seen.goal[0], seen.goal[1]);
      if (!fits(seen.goal[1])) seen.candidates = 1;
      return;
    }
    if (seen.candidates == 1 || reward <= 0) return;
    // Where the unit circle meets the circle around this place: the angle between, by the law of cosines.
    const double radius = std::max(std::hypot(reached.x, reached.y), 1e-6);
    const double cosine = (1 + radius * radius - distance * distance) / (2 * radius);
    const double between = std::acos(std::clamp(cosine, -1.0, 1.0)), angle = std::atan2(reached.y, reached.x);
    for (size_t i = 0; i < 2; ++i) {
      const double of_goal = angle + (i == 0 ? between : -between);
      seen.goal[i] = {std::cos(of_goal), std::sin(of_goal)};
    }
    seen.candidates = between < 1e-6 ? 1 : 2;
  }

  std::vector<Seen> seen_;  // [lane]
};

}  // namespace

TaskRules HiddenGoalRules() {
  return {
      .task = env::HiddenGoalSpec().name,
      .rules = {
          {"zero", MakeZero}, {"untrained", MakeUntrained}, {"adaptive", Make<Adaptive>}, {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
