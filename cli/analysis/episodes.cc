#include "cli/analysis/episodes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/env/environment.h"

namespace nmn::analysis {
namespace {

constexpr float kHit = 10, kTargetHit = 100;  // rewards of docs/specification.md section 1

// Keeps what Episodes needs of z and of the task while a batch is played.
class Watcher final : public play::StepObserver {
 public:
  Watcher(uint32_t first_episode, uint32_t lanes, Episodes& episodes)
      : first_(first_episode), lanes_(lanes), episodes_(episodes) {}

  void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward* network) override {
    if (t == 0) {
      task_.resize(environment.spec().task_variables.size());
      for (uint32_t lane = 0; lane < lanes_; ++lane) episodes_.task[first_ + lane] = Task(environment, lane);
    }
    const ConstView2 z = network == nullptr ? ConstView2() : network->signal();
    Slice* const slice = SliceAt(t);
    if (slice != nullptr) {
      for (uint32_t lane = 0; lane < lanes_; ++lane) slice->task[first_ + lane] = Task(environment, lane);
      slice->z.resize(z.rows, std::vector<double>(episodes_.count));
      for (size_t k = 0; k < z.rows; ++k) {
        for (uint32_t lane = 0; lane < lanes_; ++lane) slice->z[k][first_ + lane] = z(k, lane);
      }
    }
    if (t == kSettledStep) settled_ = slice;
    if (episodes_.squared_drift.size() <= t) episodes_.squared_drift.resize(t + 1);
    if (t <= kSettledStep || z.rows == 0) return;
    std::vector<double>& drift = episodes_.squared_drift[t];
    drift.resize(z.rows);
    for (size_t k = 0; k < z.rows; ++k) {
      const double* const before = settled_->z[k].data() + first_;
      const float* const now = z.row(k);
      double sum = drift[k];
      for (uint32_t lane = 0; lane < lanes_; ++lane) sum += (now[lane] - before[lane]) * (now[lane] - before[lane]);
      drift[k] = sum;
    }
  }

 private:
  double Task(const env::BatchedEnvironment& environment, uint32_t lane) {
    environment.ReadTask(lane, task_);
    return task_[0];
  }
  Slice* SliceAt(uint32_t t) {
    for (Slice& slice : episodes_.slices) {
      if (slice.t == t) return &slice;
    }
    return nullptr;
  }

  const uint32_t first_, lanes_;
  Episodes& episodes_;
  std::vector<float> task_;
  const Slice* settled_ = nullptr;  // that of kSettledStep
};

// Room for `count` episodes of `horizon` steps.
Episodes RoomFor(uint32_t count) {
  Episodes episodes;
  episodes.count = count;
  for (std::vector<double>* each : {&episodes.returns, &episodes.discounted, &episodes.task}) each->resize(count);
  episodes.first_hit.resize(count);
  for (const uint32_t t : kShownSteps)
    episodes.slices.push_back({t, std::vector<double>(count), std::vector<double>(count), {}});
  return episodes;
}

}  // namespace

absl::StatusOr<Meaning> MeaningOf(const std::string& benchmark) {
  // A task is known by what is hidden in it.
  const absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(benchmark);
  const std::string hidden = spec.ok() && !spec->task_variables.empty() ? spec->task_variables.front() : "";
  if (hidden == "alpha") return Meaning{hidden, 0, false, kHit};
  if (hidden == "wind") return Meaning{hidden, 2 * std::numbers::pi, false, kTargetHit};
  if (hidden == "order") return Meaning{hidden, 0, true, kTargetHit};
  return absl::InvalidArgumentError(
      absl::StrCat("its task is ", benchmark,
                   "; only those of the paper can be analysed: ", absl::StrJoin(env::BenchmarkNames(), ", ")));
}

absl::StatusOr<Episodes> PlayEpisodes(play::Player& player, const Meaning& meaning, uint32_t count, size_t lanes,
                                      const std::function<void(uint32_t)>& progress) {
  Episodes episodes = RoomFor(count);
  std::vector<double> squares;
  for (uint32_t first = 0; first < count;) {
    const uint32_t playing = static_cast<uint32_t>(std::min<size_t>(lanes, count - first));
    Watcher watcher(first, playing, episodes);
    absl::StatusOr<play::PlayedBatch> batch = player.Play(first, playing, &watcher);
    if (!batch.ok()) return batch.status();
    const ConstView2 rewards = batch->trajectories.reward();
    episodes.reward_mean.resize(rewards.rows);
    squares.resize(rewards.rows);
    double weight = 1;
    for (size_t t = 0; t < rewards.rows; ++t, weight *= env::kReportedDiscount) {
      const float* const reward = rewards.row(t);
      for (uint32_t lane = 0; lane < playing; ++lane) {
        const double value = reward[lane];
        episodes.returns[first + lane] += value;
        episodes.discounted[first + lane] += weight * value;
        episodes.reward_mean[t] += value;
        squares[t] += value * value;
        std::optional<uint32_t>& hit = episodes.first_hit[first + lane];
        if (!hit && reward[lane] >= meaning.least_reward) hit = static_cast<uint32_t>(t);
      }
    }
    for (Slice& slice : episodes.slices) {
      for (uint32_t lane = 0; slice.t < rewards.rows && lane < playing; ++lane)
        slice.reward[first + lane] = rewards(slice.t, lane);
    }
    first += playing;
    progress(first);
  }
  const size_t horizon = episodes.reward_mean.size();
  std::erase_if(episodes.slices, [&](const Slice& slice) { return slice.t >= horizon; });
  for (size_t t = 0; t < horizon; ++t) {
    episodes.reward_mean[t] /= count;
    const double variance = squares[t] - count * episodes.reward_mean[t] * episodes.reward_mean[t];
    episodes.reward_deviation.push_back(count < 2 ? 0 : std::sqrt(std::max(0.0, variance) / (count - 1)));
    for (double& drift : episodes.squared_drift[t]) drift /= count;
  }
  return episodes;
}

}  // namespace nmn::analysis
