#include "learner/ppo/sequences.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "common/trajectory/trial_end.h"

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

namespace {

// The fed-back actions as networks read them, [time, read_width, episode].
at::Tensor ReadActions(const nn::ActionCoding& coding, ConstView3 recorded) {
  if (coding.choices().empty()) return ToTensor(recorded);
  const auto width = static_cast<int64_t>(coding.read_width());
  const at::Tensor read =
      at::empty({static_cast<int64_t>(recorded.planes), width, static_cast<int64_t>(recorded.columns)}, at::kFloat);
  const View3 out(read.data_ptr<float>(), recorded.planes, coding.read_width(), recorded.columns);
  for (size_t t = 0; t < recorded.planes; ++t) coding.Read(recorded.plane(t), out.plane(t));
  return read;
}

// The ends of trials as networks read them, [time, kTrialEndInputs, episode].
at::Tensor ReadTrialEnds(ConstView2 recorded) {
  const at::Tensor read = at::empty(
      {static_cast<int64_t>(recorded.rows), int64_t{nn::kTrialEndInputs}, static_cast<int64_t>(recorded.columns)},
      at::kFloat);
  const View3 out(read.data_ptr<float>(), recorded.rows, nn::kTrialEndInputs, recorded.columns);
  for (size_t t = 0; t < recorded.rows; ++t) trajectory::ReadTrialEnd(recorded.row(t), out.plane(t));
  return read;
}

// What came of each step as networks read it, [time, width, episode].
at::Tensor FedBack(const nn::NetworkSpec& spec, const trajectory::TrajectoryBatch& batch) {
  std::vector<at::Tensor> fed_back{ReadActions(nn::ActionCoding(spec.action), batch.Of(v1::ACTION)),
                                   ToTensor(batch.Of(v1::REWARD))};
  if (spec.trial_end_inputs != 0) fed_back.push_back(ReadTrialEnds(batch.Scalar(v1::TRIAL_END)));
  return at::cat(fed_back, 1);
}

}  // namespace

Sequences EpisodeInputs(const nn::NetworkSpec& spec, const trajectory::TrajectoryBatch& batch) {
  const at::Tensor x = ToTensor(batch.observation());
  const at::Tensor fed_back = FedBack(spec, batch);
  const int64_t steps = x.size(0);
  const auto one_step_later = [steps](const at::Tensor& values) {
    return at::cat({at::zeros_like(values.narrow(0, 0, 1)), values.narrow(0, 0, steps - 1)}, 0);
  };
  if (spec.options.architecture() == v1::RNN) {
    std::vector<at::Tensor> read{x, one_step_later(fed_back)};
    if (spec.options.previous_observation()) read.push_back(one_step_later(x));
    return {at::cat(read, 1), at::empty({steps, 0, x.size(2)}, x.options())};
  }
  return {one_step_later(at::cat({fed_back, x}, 1)), x};
}

Sequences FinalInputs(const nn::NetworkSpec& spec, const trajectory::TrajectoryBatch& batch) {
  const at::Tensor fed_back = FedBack(spec, batch);
  const at::Tensor x = ToTensor(batch.Of(v1::FINAL_OBSERVATION));
  const at::Tensor before = ToTensor(batch.observation());
  if (spec.options.architecture() == v1::RNN) {
    std::vector<at::Tensor> read{x, fed_back};
    if (spec.options.previous_observation()) read.push_back(before);
    return {at::cat(read, 1), at::empty({x.size(0), 0, x.size(2)}, x.options())};
  }
  return {at::cat({fed_back, before}, 1), x};
}

Sequences FirstSteps(const Sequences& episodes, int64_t steps) {
  return {episodes.recurrent_input.narrow(0, 0, steps), episodes.main_input.narrow(0, 0, steps)};
}

std::vector<int64_t> ShuffledIndices(int64_t count, uint64_t seed, rng::Purpose purpose, uint32_t update,
                                     uint32_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  rng::Block block{};
  uint32_t loaded = UINT32_MAX;
  for (int64_t i = count - 1; i > 0; --i) {
    const auto step = static_cast<uint32_t>(i / 4);
    if (step != loaded) {
      block = rng::Draw({.seed = seed, .update = update, .episode = epoch, .step = step}, purpose);
      loaded = step;
    }
    // A word scaled to 0 .. i; uneven by at most (i + 1) / 2^32.
    const auto j =
        static_cast<int64_t>((uint64_t{block[static_cast<size_t>(i % 4)]} * static_cast<uint64_t>(i + 1)) >> 32);
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(j)]);
  }
  return order;
}

std::vector<std::vector<int64_t>> Minibatches(int64_t count, uint32_t size, uint64_t seed, rng::Purpose purpose,
                                              uint32_t update, uint32_t epoch) {
  if (size == 0) {
    std::vector<int64_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), int64_t{0});
    return {std::move(all)};
  }
  const std::vector<int64_t> order = ShuffledIndices(count, seed, purpose, update, epoch);
  std::vector<std::vector<int64_t>> batches;
  for (size_t first = 0; first < order.size(); first += size) {
    const size_t end = std::min(order.size(), first + size);
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(first),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return batches;
}

}  // namespace nmn::ppo
