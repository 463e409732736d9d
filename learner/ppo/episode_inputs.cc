#include "learner/ppo/episode_inputs.h"

#include <ATen/ATen.h>

#include <cstring>

namespace nmn::ppo {

at::Tensor ToTensor(ConstView2 view) {
  const at::Tensor tensor =
      at::empty({static_cast<int64_t>(view.rows), static_cast<int64_t>(view.columns)}, at::kFloat);
  float* out = tensor.data_ptr<float>();
  for (size_t r = 0; r < view.rows; ++r) std::memcpy(out + r * view.columns, view.row(r), view.columns * sizeof(float));
  return tensor;
}

at::Tensor ToTensor(ConstView3 view) {
  const at::Tensor tensor = at::empty(
      {static_cast<int64_t>(view.planes), static_cast<int64_t>(view.rows), static_cast<int64_t>(view.columns)},
      at::kFloat);
  std::memcpy(tensor.data_ptr<float>(), view.data, view.planes * view.rows * view.columns * sizeof(float));
  return tensor;
}

Sequences EpisodeInputs(v1::Architecture architecture, const TrajectoryBatch& batch) {
  const at::Tensor x = ToTensor(batch.observation);
  const at::Tensor action = ToTensor(batch.action).unsqueeze(1);
  const at::Tensor reward = ToTensor(batch.reward).unsqueeze(1);
  const int64_t steps = x.size(0);
  const auto one_step_later = [steps](const at::Tensor& values) {
    return at::cat({at::zeros_like(values.narrow(0, 0, 1)), values.narrow(0, 0, steps - 1)}, 0);
  };
  if (architecture == v1::RNN) {
    return {at::cat({x, one_step_later(action), one_step_later(reward)}, 1),
            at::empty({steps, 0, x.size(2)}, x.options())};
  }
  return {one_step_later(at::cat({action, reward, x}, 1)), x};
}

TrajectoryBatch FirstSteps(const TrajectoryBatch& batch, size_t steps) {
  TrajectoryBatch some = batch;
  some.observation.planes = steps;
  for (ConstView2* view : {&some.raw_action, &some.action, &some.reward, &some.mean, &some.log_variance}) {
    view->rows = steps;
  }
  return some;
}

Sequences FirstSteps(const Sequences& episodes, int64_t steps) {
  return {episodes.recurrent_input.narrow(0, 0, steps), episodes.main_input.narrow(0, 0, steps)};
}

}  // namespace nmn::ppo
