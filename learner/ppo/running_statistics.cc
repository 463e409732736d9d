#include "learner/ppo/running_statistics.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "common/env/environment.h"
#include "learner/ppo/normalizing_model.h"

namespace nmn::ppo {
namespace {

// Moments of number(t, e), in the order of episodes. Exact where all are the same float32, which has 24 bits: their sum
// is one that a double holds, up to 2^29 of them.
template <typename Number>
v1::RunningMoments MomentsOf(size_t steps, size_t episodes, Number number) {
  const double count = static_cast<double>(steps) * static_cast<double>(episodes);
  double mean = 0, squares = 0;
  for (size_t e = 0; e < episodes; ++e) {
    for (size_t t = 0; t < steps; ++t) mean += number(t, e);
  }
  mean /= count;
  for (size_t e = 0; e < episodes; ++e) {
    for (size_t t = 0; t < steps; ++t) squares += (number(t, e) - mean) * (number(t, e) - mean);
  }
  v1::RunningMoments moments;
  moments.set_count(count);
  moments.set_mean(mean);
  moments.set_squares(squares);
  return moments;
}

void Join(const v1::RunningMoments& more, v1::RunningMoments& moments) {
  const double count = moments.count() + more.count();
  const double difference = more.mean() - moments.mean();
  moments.set_squares(moments.squares() + more.squares() +
                      difference * difference * moments.count() * more.count() / count);
  moments.set_mean(moments.mean() + difference * more.count() / count);
  moments.set_count(count);
}

double VarianceOf(const v1::RunningMoments& moments) { return moments.squares() / moments.count(); }

// What numbers are divided by: 1 if they are all the same, or there are none.
float Divisor(const v1::RunningMoments& moments, double size) {
  const auto divisor = static_cast<float>(size);
  return moments.count() > 0 && divisor > 0 ? divisor : 1;
}

float DeviationOf(const v1::RunningMoments& moments) { return Divisor(moments, std::sqrt(VarianceOf(moments))); }

float ScaleOf(const v1::RunningMoments& moments, double factor) {
  return Divisor(moments, factor * std::sqrt(VarianceOf(moments) + moments.mean() * moments.mean()));
}

}  // namespace

void AddEpisodes(const trajectory::TrajectoryBatch& batch, double discount, v1::RunningStatistics& statistics) {
  const ConstView3 x = batch.observation();
  while (static_cast<size_t>(statistics.observation_size()) < x.rows) statistics.add_observation();
  for (size_t i = 0; i < x.rows; ++i) {
    const auto number = [&](size_t t, size_t e) { return double{x.plane(t)(i, e)}; };
    Join(MomentsOf(x.planes, x.columns, number), *statistics.mutable_observation(static_cast<int>(i)));
  }
  const ConstView2 reward = batch.reward();
  const auto reward_of = [&](size_t t, size_t e) { return double{reward(t, e)}; };
  Join(MomentsOf(reward.rows, reward.columns, reward_of), *statistics.mutable_reward());

  const bool cut = batch.layout().Has(v1::FINAL_OBSERVATION);
  const ConstView2 trial_end = cut ? batch.Scalar(v1::TRIAL_END) : ConstView2();
  std::vector<double> returns(reward.rows * reward.columns);
  for (size_t e = 0; e < reward.columns; ++e) {
    double later = 0;
    for (size_t t = reward.rows; t-- > 0;) {
      if (cut && trial_end(t, e) != env::kGoesOn) later = 0;
      later = reward(t, e) + discount * later;
      returns[t * reward.columns + e] = later;
    }
  }
  const auto return_of = [&](size_t t, size_t e) { return returns[t * reward.columns + e]; };
  Join(MomentsOf(reward.rows, reward.columns, return_of), *statistics.mutable_discounted_return());
}

void WriteStatistics(const v1::RunningStatistics& statistics, double discount, LearnedNetwork& network) {
  const nn::NetworkSpec& spec = network.spec;
  if (spec.normalizes_observation) {
    const at::Tensor mean = Statistic(spec, network.parameters, nn::kObservationMean);
    const at::Tensor deviation = Statistic(spec, network.parameters, nn::kObservationDeviation);
    for (int i = 0; i < statistics.observation_size(); ++i) {
      mean.select(0, i).fill_(static_cast<float>(statistics.observation(i).mean()));
      deviation.select(0, i).fill_(DeviationOf(statistics.observation(i)));
    }
  }
  if (!spec.normalizes_reward) return;
  Statistic(spec, network.parameters, nn::kRewardScale).fill_(ScaleOf(statistics.reward(), 1));
  if (spec.role == nn::Role::kCritic) {
    const float scale = ScaleOf(statistics.discounted_return(), 1 - discount);
    Statistic(spec, network.parameters, nn::kReturnScale).fill_(scale);
  }
}

}  // namespace nmn::ppo
