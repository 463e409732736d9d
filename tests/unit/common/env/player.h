#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/env/environment.h"
#include "common/rng/philox.h"

namespace nmn::env {

// The paper's options of a benchmark, and what any other task has where nothing is said.
inline v1::EnvironmentOptions PaperOptions(std::string_view benchmark) {
  v1::EnvironmentOptions options;
  options.set_domain(v1::DOMAIN_REFERENCE);
  if (benchmark == "b2") options.set_cone(0.628318530717958648);
  return options;
}

// Numbers of a recorded action.
inline size_t ActionWidth(const v1::ActionSpace& space) {
  return space.has_box() ? static_cast<size_t>(space.box().low_size()) : 1;
}

// Some raw action of one component, by a random word.
inline float SomeAction(const v1::ActionSpace& space, uint32_t word) {
  return space.has_box() ? rng::Uniform(word, -3, 3) : static_cast<float>(word % space.discrete());
}

// An environment with its buffers, to be stepped by hand. The options must be legal.
class Player {
 public:
  Player(std::string_view benchmark, const v1::EnvironmentOptions& options, size_t lanes,
         const BatchKey& key = {.seed = 1})
      : environment_(MakeEnvironment(benchmark, options, lanes).value()),
        lanes_(lanes),
        width_(ActionWidth(environment_->spec().action)),
        u(width_ * lanes),
        action(width_ * lanes),
        reward(lanes),
        trial_end(lanes),
        final_observation(environment_->spec().observation_size * lanes),
        x_(environment_->spec().observation_size * lanes) {
    environment_->Reset(key, view());
  }

  void Step() {
    environment_->Step({u.data(), width_, lanes_},
                       {{action.data(), width_, lanes_}, reward.data(), view(), trial_end.data(), final_view()});
  }
  void Step(float raw_action) {
    std::fill(u.begin(), u.end(), raw_action);
    Step();
  }

  float x(size_t feature, size_t lane = 0) const { return x_[feature * lanes_ + lane]; }
  std::vector<float> task(size_t lane = 0) const {
    std::vector<float> out(environment_->spec().task_variables.size());
    environment_->ReadTask(lane, out);
    return out;
  }
  std::vector<float> state(size_t lane = 0) const {
    std::vector<float> out(environment_->spec().state_variables.size());
    environment_->ReadState(lane, out);
    return out;
  }
  BatchedEnvironment& environment() { return *environment_; }
  const std::vector<float>& observation() const { return x_; }

 private:
  View2 final_view() { return View2(final_observation.data(), environment_->spec().observation_size, lanes_); }
  View2 view() { return View2(x_.data(), environment_->spec().observation_size, lanes_); }

  std::unique_ptr<BatchedEnvironment> environment_;
  size_t lanes_;
  size_t width_;

 public:
  std::vector<float> u, action;          // [component, lane]
  std::vector<float> reward;             // [lane]
  std::vector<float> trial_end;          // [lane]
  std::vector<float> final_observation;  // [feature, lane]

 private:
  std::vector<float> x_;  // [feature, lane]
};

}  // namespace nmn::env
