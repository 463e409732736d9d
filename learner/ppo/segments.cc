#include "learner/ppo/segments.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

namespace nmn::ppo {

at::Tensor CutIntoSegments(const at::Tensor& whole, int64_t segment_steps) {
  return at::cat(whole.split(segment_steps, 0), -1);
}

Sequences CutIntoSegments(const Sequences& whole, int64_t segment_steps) {
  return {CutIntoSegments(whole.recurrent_input, segment_steps), CutIntoSegments(whole.main_input, segment_steps)};
}

EpisodePass RunEpisodes(SequenceModel& model, const at::Tensor& parameters, const Sequences& episodes,
                        int64_t segment_steps) {
  const c10::NoGradGuard no_grad;
  const int64_t steps = episodes.recurrent_input.size(0);
  CarriedState carried = model.ZeroState(parameters, episodes.recurrent_input.size(2));
  std::vector<at::Tensor> outputs, states, signals;
  for (int64_t first = 0; first < steps; first += segment_steps) {
    const int64_t count = std::min(segment_steps, steps - first);
    states.push_back(carried.state);
    if (carried.signal.defined()) signals.push_back(carried.signal);
    SequenceOutput piece = model.Forward(
        parameters, {episodes.recurrent_input.narrow(0, first, count), episodes.main_input.narrow(0, first, count)},
        carried);
    outputs.push_back(piece.output);
    carried = piece.end;
  }
  EpisodePass pass;
  pass.output = at::cat(outputs, 0);
  pass.starts.state = at::cat(states, 1);
  if (!signals.empty()) pass.starts.signal = at::cat(signals, 1);
  return pass;
}

CarriedState SegmentStarts(SequenceModel& model, const at::Tensor& parameters, const Sequences& episodes,
                           int64_t segment_steps) {
  if (episodes.recurrent_input.size(0) == segment_steps) {
    return model.ZeroState(parameters.detach(), episodes.recurrent_input.size(2));
  }
  return RunEpisodes(model, parameters, episodes, segment_steps).starts;
}

SegmentBatch Select(const SegmentBatch& all, const at::Tensor& index) {
  SegmentBatch some;
  some.input.recurrent_input = all.input.recurrent_input.index_select(2, index);
  some.input.main_input = all.input.main_input.index_select(2, index);
  some.start.state = all.start.state.index_select(1, index);
  if (all.start.signal.defined()) some.start.signal = all.start.signal.index_select(1, index);
  return some;
}

}  // namespace nmn::ppo
