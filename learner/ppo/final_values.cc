#include "learner/ppo/final_values.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <vector>

#include "common/env/environment.h"
#include "learner/ppo/sequences.h"

namespace nmn::ppo {

at::Tensor FinalValues(const LearnedNetwork& critic, const trajectory::TrajectoryBatch& batch) {
  const c10::NoGradGuard no_grad;
  const at::Device device = critic.parameters.device();
  const Sequences episodes = EpisodeInputs(critic.spec, batch).To(device);
  const Sequences finals = FinalInputs(critic.spec, batch).To(device);
  const ConstView2 ends = batch.Scalar(v1::TRIAL_END);
  const at::Tensor values = at::zeros({static_cast<int64_t>(ends.rows), static_cast<int64_t>(ends.columns)});
  const auto steps = [](const Sequences& all, int64_t first, int64_t count) {
    return Sequences{all.recurrent_input.narrow(0, first, count), all.main_input.narrow(0, first, count)};
  };
  CarriedState state = critic.model->ZeroState(critic.parameters, values.size(1));  // before step `next`
  int64_t next = 0;
  for (int64_t t = 0; t + 1 < values.size(0); ++t) {
    std::vector<int64_t> truncated;
    for (size_t e = 0; e < ends.columns; ++e) {
      if (ends(static_cast<size_t>(t), e) == env::kTruncated) truncated.push_back(static_cast<int64_t>(e));
    }
    if (truncated.empty()) continue;
    state = critic.model->Forward(critic.parameters, steps(episodes, next, t + 1 - next), state).end;
    next = t + 1;
    const at::Tensor index = at::tensor(truncated, at::kLong);
    const SegmentBatch some = Select({steps(finals, t, 1), state}, index.to(device));
    const at::Tensor value = critic.model->Forward(critic.parameters, some.input, some.start).output;
    values[t].index_put_({index}, value.reshape({-1}).cpu());
  }
  return values;
}

}  // namespace nmn::ppo
