#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "actor/rollout.h"
#include "common/nn/gaussian_head.h"
#include "common/sync/mutex.h"

namespace nmn::actor {

// What FakeEngine puts in for (field, time, dimension) of an episode, played with weights whose first parameter is
// `weight`.
inline float FakeStep(int field, size_t t, size_t dimension, uint32_t update, uint32_t episode, float weight) {
  return static_cast<float>(field) + 0.01f * static_cast<float>(t) + 0.001f * static_cast<float>(dimension) +
         10.0f * static_cast<float>(episode) + 0.25f * static_cast<float>(update) + weight;
}

// Holds rollouts back until it is opened, so that a test can be sure that an actor is in the middle of one.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void WaitUntilSomebodyIsThere() {
    MutexLock lock(mutex_);
    while (waiting_ == 0) changed_.Wait(mutex_);
  }
  // False when `stop` is set first.
  bool Pass(const std::atomic<bool>* stop) {
    MutexLock lock(mutex_);
    ++waiting_;
    changed_.NotifyAll();
    // A rollout's stop is polled, as real engines do between steps.
    while (!open_ && !stop->load())
      changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    return open_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ NMN_GUARDED_BY(mutex_) = false;
  int waiting_ NMN_GUARDED_BY(mutex_) = 0;
};

// A rollout engine whose numbers are a formula. b1's shape: x of one dimension, one measure.
class FakeEngine : public RolloutEngine {
 public:
  explicit FakeEngine(const v1::RunConfig& config, std::shared_ptr<Gate> gate = nullptr)
      : horizon_(config.env().horizon()), gate_(std::move(gate)) {}

  void SetParameters(std::span<const float> parameters, uint32_t) override { weight_ = parameters[0]; }

  absl::StatusOr<RolloutResult> Run(const env::BatchKey& key, size_t lanes, float, const std::atomic<bool>* stop,
                                    RolloutObserver*) override {
    if (gate_ != nullptr && !gate_->Pass(stop)) return absl::CancelledError("stopped");
    RolloutResult result;
    result.update = key.update;
    result.first_episode = key.first_episode;
    result.trajectories = trajectory::TrajectoryBatch(trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})));
    for (int field = 1; field <= 6; ++field) {
      std::vector<float>& values = values_[field - 1];
      values.clear();
      for (size_t t = 0; t < horizon_; ++t) {
        for (size_t lane = 0; lane < lanes; ++lane) {
          values.push_back(FakeStep(field, t, 0, key.update, key.first_episode + static_cast<uint32_t>(lane), weight_));
        }
      }
      result.trajectories.Set(static_cast<v1::Field>(field), ConstView3(values.data(), horizon_, 1, lanes));
    }
    result.measures.emplace_back();
    for (size_t lane = 0; lane < lanes; ++lane)
      result.measures[0].push_back(static_cast<double>(key.first_episode + lane));
    return result;
  }

 private:
  size_t horizon_;
  std::shared_ptr<Gate> gate_;
  float weight_ = 0;
  std::vector<float> values_[6];
};

}  // namespace nmn::actor
