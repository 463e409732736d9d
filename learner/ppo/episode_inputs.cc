#include "learner/ppo/episode_inputs.h"

#include <ATen/ATen.h>

#include <cstring>
#include <vector>

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

at::Tensor ToTensor(const trajectory::TrajectoryBatch& batch, v1::Field field) {
  return batch.layout().width(field) == 1 ? ToTensor(batch.Scalar(field)) : ToTensor(batch.Of(field));
}

Sequences EpisodeInputs(v1::Architecture architecture, const trajectory::TrajectoryBatch& batch) {
  const at::Tensor x = ToTensor(batch.observation());
  std::vector<at::Tensor> fed_back;  // [time, width, episode] each
  for (const trajectory::FieldSpec& field : batch.layout().fields()) {
    if (field.kind->meaning == trajectory::Meaning::kFedBack) fed_back.push_back(ToTensor(batch.Of(field.kind->id)));
  }
  const int64_t steps = x.size(0);
  const auto one_step_later = [steps](const at::Tensor& values) {
    return at::cat({at::zeros_like(values.narrow(0, 0, 1)), values.narrow(0, 0, steps - 1)}, 0);
  };
  if (architecture == v1::RNN) {
    return {at::cat({x, one_step_later(at::cat(fed_back, 1))}, 1), at::empty({steps, 0, x.size(2)}, x.options())};
  }
  fed_back.push_back(x);
  return {one_step_later(at::cat(fed_back, 1)), x};
}

Sequences FirstSteps(const Sequences& episodes, int64_t steps) {
  return {episodes.recurrent_input.narrow(0, 0, steps), episodes.main_input.narrow(0, 0, steps)};
}

}  // namespace nmn::ppo
