#include "common/env/windy_navigation.h"

#include <numbers>

#include "common/env/switching_batch.h"
#include "common/env/torus.h"
#include "common/rng/batch.h"

namespace nmn::env {
namespace {

constexpr float kMostWind = 6.2832f;  // a little above 2 pi, so that either rounding of it is legal

constexpr float kHitReward = 100;
constexpr float kStepReward = -2;

class WindyNavigation final : public SwitchingBatch {
 public:
  WindyNavigation(const v1::EnvironmentOptions& options, size_t max_lanes)
      : SwitchingBatch(WindyNavigationSpec(), options, max_lanes),
        cone_(static_cast<float>(options.cone())),
        position_(max_lanes),
        target_(max_lanes),
        gusts_(4 * max_lanes),
        wind_(max_lanes),
        sine_(max_lanes),
        cosine_(max_lanes),
        wind_sine_(max_lanes),
        wind_cosine_(max_lanes) {
    for (int i = 0; i + 1 < options.targets_size(); i += 2) {
      given_targets_.push_back({options.targets(i), options.targets(i + 1)});
    }
  }

  void ReadTask(size_t lane, std::span<float> out) const override {
    out[0] = task(lane);
    out[1] = target_[lane].x;
    out[2] = target_[lane].y;
  }
  void ReadState(size_t lane, std::span<float> out) const override {
    out[0] = position_[lane].x;
    out[1] = position_[lane].y;
  }

 private:
  float DrawTask(uint32_t word) const override { return rng::Uniform(word, 0, kTurn); }

  void Start(size_t lane) override {
    if (given_targets_.empty()) {
      const rng::Block block = rng::Draw(Now(lane), rng::Purpose::kTarget);
      target_[lane] = TargetFrom(block[0], block[1]);
    } else {
      target_[lane] = given_targets_[(key().first_global_episode + lane) % given_targets_.size()];
    }
    Respawn(lane);
  }

  void TaskMoved(size_t) override {}

  void Respawn(size_t lane) { position_[lane] = Spawn(Now(lane), {&target_[lane], 1}); }

  // Wind directions of this step: w + U[-c, c].
  void DrawWind() {
    const View2 gusts(gusts_.data(), 4, max_lanes());
    if (step() % 4 == 0) {
      rng::StepUniformBlock(key().seed, key().update, key().first_episode, lanes(), step() / 4, rng::Purpose::kDynamics,
                            -cone_, cone_, gusts);
    }
    const float* gust = gusts.row(step() % 4);
    for (size_t lane = 0; lane < lanes(); ++lane) wind_[lane] = task(lane) + gust[lane];
  }

  void Act(ConstView2 raw_action, const StepResult& result) override {
    const View2 action = result.action;
    float* const reward = result.reward;
    WrapAngles(raw_action.row(0), lanes(), action.row(0));
    DrawWind();
    rng::SinCos(action.row(0), lanes(), sine_.data(), cosine_.data());
    rng::SinCos(wind_.data(), lanes(), wind_sine_.data(), wind_cosine_.data());
    double* hits = measure(0);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      Point& at = position_[lane];
      if (WithinHitRadius(SquaredDistance(at, target_[lane]))) {
        reward[lane] = kHitReward;
        hits[lane] += 1;
        HitTask(lane);
        Respawn(lane);
      } else {
        reward[lane] = kStepReward;
        at.x = WrapCoordinate(at.x + (kSpeed * cosine_[lane] + kSpeed * wind_cosine_[lane]));
        at.y = WrapCoordinate(at.y + (kSpeed * sine_[lane] + kSpeed * wind_sine_[lane]));
      }
    }
  }

  void Observe(View2 observation) const override {
    for (size_t lane = 0; lane < lanes(); ++lane) {
      observation(0, lane) = target_[lane].x - position_[lane].x;
      observation(1, lane) = target_[lane].y - position_[lane].y;
    }
  }

  const float cone_;  // half-angle, radians
  std::vector<Point> given_targets_;
  std::vector<Point> position_;                                 // [lane]
  std::vector<Point> target_;                                   // [lane]
  std::vector<float> gusts_;                                    // [4, lane] of the steps 4 b .. 4 b + 3
  std::vector<float> wind_;                                     // [lane] direction in this step
  std::vector<float> sine_, cosine_, wind_sine_, wind_cosine_;  // [lane]
};

}  // namespace

EnvironmentSpec WindyNavigationSpec() {
  return {.name = "b2",
          .title = "windy navigation",
          .observation_size = 2,
          .action = Numbers(1, 0, kTurn, kPi, v1::BoxSpace::WRAP),
          .default_horizon = 4000,
          .measures = {"hits"},
          .task_variables = {"wind", "target_x", "target_y"},
          .state_variables = {"position_x", "position_y"},
          .oracle_return = 56942,
          .oracle_discounted = 7088,
          .oracle_horizon = 4000,
          .oracle_cone = std::numbers::pi / 5,
          .is_benchmark = true,
          .has_cone = true,
          .has_targets = true,
          .has_switches = true,
          .least_task = -kMostWind,
          .largest_task = kMostWind,
          .legal_tasks = "in [-6.2832, 6.2832] (wind direction, radians)"};
}

std::unique_ptr<BatchedEnvironment> MakeWindyNavigation(const v1::EnvironmentOptions& options, size_t max_lanes) {
  return std::make_unique<WindyNavigation>(options, max_lanes);
}

}  // namespace nmn::env
