// Benchmark 3: without memory, adaptive, oracle.
#include "common/env/two_targets.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cli/scripted/course.h"
#include "cli/scripted/policies.h"

namespace nmn::scripted {
namespace {

Vector Listed(ConstView2 observation, size_t which, size_t lane) {
  return {observation(2 * which, lane), observation(2 * which + 1, lane)};
}

// Index of the listed target at the smaller plain distance, the one that a hit would be.
size_t NearestListed(ConstView2 observation, size_t lane) {
  return Length(Listed(observation, 0, lane)) <= Length(Listed(observation, 1, lane)) ? 0 : 1;
}

class Memoryless final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment&, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      raw_action(0, lane) = RawAngle(AngleOf(Listed(observation, NearestListed(observation, lane), lane)));
    }
  }
};

class Oracle final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment& environment, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      std::array<float, 5> task;  // order, good target, bad target
      environment.ReadTask(lane, task);
      const size_t good = task[0] == 0 ? 0 : 1;
      raw_action(0, lane) =
          RawAngle(CourseAround(Listed(observation, good, lane), Listed(observation, 1 - good, lane)).angle);
    }
  }
};

// Goes to the target whose way is shorter; the first hit tells which is which. Every hit is looked at, so that it
// follows a switch.
class Adaptive final : public ScriptedPolicy {
 public:
  Adaptive(const v1::EnvironmentOptions&, size_t max_lanes) : belief_(max_lanes) {}

  void Reset(const env::BatchKey&, size_t lanes) override { std::fill_n(belief_.begin(), lanes, Belief()); }

  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2, const float* previous_reward,
           View2 raw_action) override {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      Belief& belief = belief_[lane];
      if (t > 0 && previous_reward[lane] != 0) {
        belief.known = true;
        belief.good = previous_reward[lane] > 0 ? belief.nearest : 1 - belief.nearest;
      }
      belief.nearest = NearestListed(observation, lane);
      const std::array<Vector, 2> listed = {Listed(observation, 0, lane), Listed(observation, 1, lane)};
      const std::array<Course, 2> ways = {CourseAround(listed[0], listed[1]), CourseAround(listed[1], listed[0])};
      const size_t aim = belief.known ? belief.good : ways[0].steps <= ways[1].steps ? 0 : 1;
      raw_action(0, lane) = RawAngle(ways[aim].angle);
    }
  }

 private:
  struct Belief {
    bool known = false;
    size_t good = 0;     // index in the list
    size_t nearest = 0;  // at the last action
  };
  std::vector<Belief> belief_;  // [lane]
};

}  // namespace

TaskRules TwoTargetsRules() {
  return {.task = env::TwoTargetsSpec().name,
          .rules = {{"zero", MakeZero},
                    {"untrained", MakeUntrained},
                    {"memoryless", Make<Memoryless>},
                    {"adaptive", Make<Adaptive>},
                    {"oracle", Make<Oracle>}}};
}

}  // namespace nmn::scripted
