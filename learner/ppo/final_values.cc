#include "learner/ppo/final_values.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <utility>
#include <vector>

#include "common/env/environment.h"
#include "learner/ppo/sequences.h"
#include "learner/ppo/transfer.h"

namespace nmn::ppo {

namespace {

// The truncated trials of a record, but for those of its last step; in the order of steps and, within a step, of
// episodes.
struct Truncations {
  std::vector<int64_t> episodes;
  std::vector<int64_t> places;                     // in [time, episode], flat
  std::vector<std::pair<int64_t, int64_t>> steps;  // those with any, and how many
};

Truncations FindTruncations(ConstView2 ends) {
  Truncations found;
  for (size_t t = 0; t + 1 < ends.rows; ++t) {
    const size_t before = found.episodes.size();
    for (size_t e = 0; e < ends.columns; ++e) {
      if (ends(t, e) != env::kTruncated) continue;
      found.episodes.push_back(static_cast<int64_t>(e));
      found.places.push_back(static_cast<int64_t>(t * ends.columns + e));
    }
    const auto here = static_cast<int64_t>(found.episodes.size() - before);
    if (here != 0) found.steps.emplace_back(static_cast<int64_t>(t), here);
  }
  return found;
}

Sequences Steps(const Sequences& all, int64_t first, int64_t count) {
  return {all.recurrent_input.narrow(0, first, count), all.main_input.narrow(0, first, count)};
}

}  // namespace

at::Tensor FinalValues(const LearnedNetwork& critic, const trajectory::TrajectoryBatch& batch) {
  const c10::NoGradGuard no_grad;
  const ConstView2 ends = batch.Scalar(v1::TRIAL_END);
  const at::Tensor values = at::zeros({static_cast<int64_t>(ends.rows), static_cast<int64_t>(ends.columns)});
  const Truncations truncations = FindTruncations(ends);
  if (truncations.steps.empty()) return values;
  const at::Device device = critic.parameters.device();
  const Sequences episodes = EpisodeInputs(critic.spec, batch).To(device);
  const Sequences finals = FinalInputs(critic.spec, batch).To(device);
  const at::Tensor truncated = ToDevice(at::tensor(truncations.episodes, at::kLong), device);
  CarriedState state = critic.model->ZeroState(critic.parameters, values.size(1));  // before step `next`
  int64_t next = 0, seen = 0;
  std::vector<at::Tensor> found;
  for (const auto& [t, count] : truncations.steps) {
    state = critic.model->Forward(critic.parameters, Steps(episodes, next, t + 1 - next), state).end;
    next = t + 1;
    const SegmentBatch some = Select({Steps(finals, t, 1), state}, truncated.narrow(0, seen, count));
    seen += count;
    found.push_back(critic.model->Forward(critic.parameters, some.input, some.start).output.reshape({-1}));
  }
  values.view(-1).index_put_({at::tensor(truncations.places, at::kLong)}, ToHost(at::cat(found)));
  return values;
}

}  // namespace nmn::ppo
