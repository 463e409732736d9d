#include "common/nn/input_reader.h"

#include <algorithm>

namespace nmn::nn {
namespace {

float* CopyRows(ConstView2 from, size_t first, size_t count, size_t stride, float* to) {
  for (size_t r = 0; r < from.rows; ++r, to += stride) std::copy_n(from.row(r) + first, count, to);
  return to;
}

}  // namespace

void InputReader::SetParameters(std::span<const float> parameters) {
  const auto statistic = [&](const char* name) {
    const TensorSpec& tensor = spec_.tensor(name);
    const float* values = parameters.data() + tensor.offset;
    return std::vector<float>(values, values + tensor.size);
  };
  if (spec_.normalizes_observation) {
    mean_ = statistic(kObservationMean);
    deviation_ = statistic(kObservationDeviation);
  }
  if (spec_.normalizes_reward) reward_scale_ = statistic(kRewardScale)[0];
}

void InputReader::Read(const StepInput& input, size_t first, size_t count, size_t stride, float* recurrent,
                       float* main) const {
  const bool rnn = spec_.options.architecture() == v1::RNN;
  float* row = recurrent;
  if (rnn) row = CopyObservation(input.observation, first, count, stride, row);
  row = CopyRows(input.previous_action, first, count, stride, row);
  CopyReward(input.previous_reward + first, count, row);
  row = CopyRows(input.previous_trial_end, first, count, stride, row + stride);
  if (!rnn || spec_.options.previous_observation()) {
    CopyObservation(input.previous_observation, first, count, stride, row);
  }
  if (!rnn) CopyObservation(input.observation, first, count, stride, main);
}

float* InputReader::CopyObservation(ConstView2 from, size_t first, size_t count, size_t stride, float* to) const {
  if (!spec_.normalizes_observation) return CopyRows(from, first, count, stride, to);
  for (size_t r = 0; r < from.rows; ++r, to += stride) {
    const float* x = from.row(r) + first;
    for (size_t i = 0; i < count; ++i)
      to[i] = std::clamp((x[i] - mean_[r]) / deviation_[r], -kMostDeviations, kMostDeviations);
  }
  return to;
}

void InputReader::CopyReward(const float* reward, size_t count, float* to) const {
  if (!spec_.normalizes_reward) {
    std::copy_n(reward, count, to);
    return;
  }
  for (size_t i = 0; i < count; ++i) to[i] = reward[i] / reward_scale_;
}

}  // namespace nmn::nn
