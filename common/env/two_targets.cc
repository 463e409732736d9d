#include "common/env/two_targets.h"

#include <array>

#include "common/env/switching_batch.h"
#include "common/env/torus.h"
#include "common/rng/batch.h"

namespace nmn::env {
namespace {

constexpr float kGoodReward = 100;
constexpr float kBadReward = -50;

class TwoTargets final : public SwitchingBatch {
 public:
  TwoTargets(const v1::EnvironmentOptions& options, size_t max_lanes)
      : SwitchingBatch(TwoTargetsSpec(), options, max_lanes),
        position_(max_lanes),
        targets_(max_lanes),
        sine_(max_lanes),
        cosine_(max_lanes) {}

  void ReadTask(size_t lane, std::span<float> out) const override {
    const auto& [good, bad] = targets_[lane];
    const float values[] = {task(lane), good.x, good.y, bad.x, bad.y};
    std::copy(std::begin(values), std::end(values), out.begin());
  }
  void ReadState(size_t lane, std::span<float> out) const override {
    out[0] = position_[lane].x;
    out[1] = position_[lane].y;
  }

 private:
  float DrawTask(uint32_t word) const override { return static_cast<float>(word >> 31); }

  void Start(size_t lane) override {
    const rng::Block block = rng::Draw(Now(lane), rng::Purpose::kTarget);
    targets_[lane] = {TargetFrom(block[0], block[1]), TargetFrom(block[2], block[3])};
    Respawn(lane);
  }

  void TaskMoved(size_t) override {}

  void Respawn(size_t lane) { position_[lane] = Spawn(Now(lane), targets_[lane]); }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const View2 action = result.action;
    float* const reward = result.reward;
    WrapAngles(raw_action.row(0), lanes(), action.row(0));
    rng::SinCos(action.row(0), lanes(), sine_.data(), cosine_.data());
    double* good_hits = measure(0);
    double* bad_hits = measure(1);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      Point& at = position_[lane];
      const float good = SquaredDistance(at, targets_[lane][0]);
      const float bad = SquaredDistance(at, targets_[lane][1]);
      const bool good_is_nearest = good <= bad;
      if (WithinHitRadius(good_is_nearest ? good : bad)) {
        reward[lane] = good_is_nearest ? kGoodReward : kBadReward;
        (good_is_nearest ? good_hits : bad_hits)[lane] += 1;
        HitTask(lane);
        Respawn(lane);
      } else {
        reward[lane] = 0;
        at.x = WrapCoordinate(at.x + kSpeed * cosine_[lane]);
        at.y = WrapCoordinate(at.y + kSpeed * sine_[lane]);
      }
    }
  }

  void Observe(View2 observation) const override {
    for (size_t lane = 0; lane < lanes(); ++lane) {
      const size_t first = task(lane) == 0 ? 0 : 1;
      for (size_t listed = 0; listed < 2; ++listed) {
        const Point target = targets_[lane][listed == 0 ? first : 1 - first];
        observation(2 * listed, lane) = target.x - position_[lane].x;
        observation(2 * listed + 1, lane) = target.y - position_[lane].y;
      }
    }
  }

  std::vector<Point> position_;                // [lane]
  std::vector<std::array<Point, 2>> targets_;  // [lane] good, bad
  std::vector<float> sine_, cosine_;           // [lane]
};

}  // namespace

EnvironmentSpec TwoTargetsSpec() {
  return {.name = "b3",
          .title = "two targets",
          .observation_size = 4,
          .action = Numbers(1, 0, kTurn, kPi, v1::BoxSpace::WRAP),
          .default_horizon = 5000,
          .measures = {"good_hits", "bad_hits"},
          .task_variables = {"order", "good_x", "good_y", "bad_x", "bad_y"},
          .state_variables = {"position_x", "position_y"},
          .oracle_return = 86306,
          .oracle_discounted = 8595,
          .oracle_horizon = 5000,
          .is_benchmark = true,
          .has_switches = true,
          .least_task = 0,
          .largest_task = 1,
          .whole_tasks = true,
          .legal_tasks = "0 (the good target is listed first) or 1 (the bad one)"};
}

std::unique_ptr<BatchedEnvironment> MakeTwoTargets(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<TwoTargets>(options, max_lanes);
}

}  // namespace nmn::env
