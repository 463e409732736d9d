#include "learner/bptt/chunk.h"

#include <algorithm>

namespace nmn::bptt {
namespace {

// Rows of a block: enough to fill the register tiles and amortise the sums of weight gradients, few enough for the
// second-level cache.
constexpr size_t kBlockRows = 160;

// Of rows that are added to in slices.
size_t Sliced(size_t units) { return Padded(units + kGroup - 1); }

// [feature, sequence] columns [first, first + count) from and to rows.
void ReadColumns(ConstView2 from, size_t first, size_t count, float* to, size_t stride) {
  for (size_t f = 0; f < from.rows; ++f) {
    const float* row = from.row(f) + first;
    for (size_t b = 0; b < count; ++b) to[b * stride + f] = row[b];
  }
}
void WriteColumns(const float* from, size_t stride, size_t features, size_t first, size_t count, View2 to,
                  size_t to_row) {
  for (size_t f = 0; f < features; ++f) {
    float* row = to.row(to_row + f) + first;
    for (size_t b = 0; b < count; ++b) row[b] = from[b * stride + f];
  }
}

}  // namespace

size_t Chunk::BlockSteps() const { return std::max<size_t>(1, kBlockRows / sequences_); }

void Chunk::Reserve(size_t history_steps, bool backward) {
  const size_t history = history_steps * sequences_;
  const size_t block = BlockSteps() * sequences_;
  const size_t one = sequences_;
  size_t used = 0;
  float* base = nullptr;
  const auto take = [&](Rows& rows, size_t count, size_t stride) {
    rows = {base == nullptr ? nullptr : base + used, stride};
    used += count * stride;
  };
  const auto layout = [&] {
    used = 0;
    take(recurrent_input_, history, Padded(plan_.spec().recurrent_input_size));
    take(main_input_, history, Padded(plan_.spec().main_input_size));
    size_t widest_gates = 0, widest_units = 0;
    grus_.resize(plan_.grus().size());
    for (size_t l = 0; l < grus_.size(); ++l) {
      const size_t n = plan_.grus()[l].units;
      widest_gates = std::max(widest_gates, n);
      take(grus_[l].state, history + one, Padded(n));
      take(grus_[l].gates, history, 4 * Padded(n));
      take(grus_[l].state_gradient, backward ? block : 0, Padded(n));
      take(grus_[l].carry, backward ? one : 0, Padded(n));
    }
    affines_.resize(plan_.affines().size());
    for (size_t l = 0; l < affines_.size(); ++l) {
      take(affines_[l].out, history + one, Sliced(plan_.affines()[l].units));
      take(affines_[l].gradient, backward ? block + one : 0, Sliced(plan_.affines()[l].units));
    }
    modulated_.resize(plan_.modulated().size());
    for (size_t l = 0; l < modulated_.size(); ++l) {
      const size_t n = plan_.modulated()[l].units;
      widest_units = std::max(widest_units, n);
      take(modulated_[l].value, history, Padded(n));
      take(modulated_[l].modulation, history, PackedModulation(n));
      take(modulated_[l].out, history, Padded(n));
      take(modulated_[l].gradient, backward ? block : 0, Padded(n));
    }
    take(pre_, block, PackedGates(widest_gates));
    take(value_scratch_, backward ? block : 0, Padded(widest_units));
    take(modulation_scratch_, backward ? block : 0, PackedModulation(widest_units));
    take(signal_carry_, backward ? one : 0, Sliced(plan_.signal_size()));
    used += 64;  // whole vectors may be read past the last row
  };
  layout();
  if (used > capacity_) {
    memory_ = AllocateMemory(used);
    capacity_ = used;
  }
  base = memory_.get();
  layout();
}

void Chunk::ReadInput(const SequenceInput& input, size_t time, size_t step, size_t steps) {
  for (size_t t = 0; t < steps; ++t) {
    const size_t row = (step + t) * sequences_;
    ReadColumns(input.recurrent_input.plane(time + t), first_, sequences_, recurrent_input_.at(row),
                recurrent_input_.stride);
    if (!modulated_.empty()) {
      ReadColumns(input.main_input.plane(time + t), first_, sequences_, main_input_.at(row), main_input_.stride);
    }
  }
}

void Chunk::ReadStart(const SequenceInput& input) {
  size_t first_row = 0;
  for (size_t l = 0; l < grus_.size(); ++l) {
    const size_t n = plan_.grus()[l].units;
    const Rows& state = grus_[l].state;
    if (input.start_state.data == nullptr) {
      std::fill_n(state.data, sequences_ * state.stride, 0.0f);
    } else {
      const ConstView2 part(input.start_state.row(first_row), n, input.start_state.columns, input.start_state.stride);
      ReadColumns(part, first_, sequences_, state.data, state.stride);
    }
    first_row += n;
  }
  if (plan_.lagged()) {
    const Rows& signal = affines_.back().out;
    if (input.start_signal.data == nullptr) {
      std::fill_n(signal.data, sequences_ * signal.stride, 0.0f);
    } else {
      ReadColumns(input.start_signal, first_, sequences_, signal.data, signal.stride);
    }
  }
}

void Chunk::CarryOver(size_t steps) {
  const auto move = [&](const Rows& rows) {
    std::copy_n(rows.at(steps * sequences_), sequences_ * rows.stride, rows.data);
  };
  for (const GruRows& gru : grus_) move(gru.state);
  if (plan_.lagged()) move(affines_.back().out);
}

void Chunk::WriteStarts(const SegmentStarts& starts, size_t time, size_t step, size_t steps) const {
  if (starts.stride == 0) return;
  for (size_t t = 0; t < steps; ++t) {
    if ((time + t) % starts.stride != 0) continue;
    const size_t plane = (time + t) / starts.stride;
    const size_t row = (step + t) * sequences_;
    if (starts.states.data != nullptr) {
      size_t feature = 0;
      for (size_t l = 0; l < grus_.size(); ++l) {
        const size_t n = plan_.grus()[l].units;
        WriteColumns(grus_[l].state.at(row), grus_[l].state.stride, n, first_, sequences_, starts.states.plane(plane),
                     feature);
        feature += n;
      }
    }
    if (starts.signals.data != nullptr && plan_.signal_size() > 0) {
      const Rows& signal = affines_.back().out;
      WriteColumns(signal.at(row), signal.stride, plan_.signal_size(), first_, sequences_, starts.signals.plane(plane),
                   0);
    }
  }
}

void Chunk::CopyEnd(View2 state, View2 signal) const {
  const size_t row = end_step_ * sequences_;
  if (state.data != nullptr) {
    size_t feature = 0;
    for (size_t l = 0; l < grus_.size(); ++l) {
      const size_t n = plan_.grus()[l].units;
      WriteColumns(grus_[l].state.at(row), grus_[l].state.stride, n, first_, sequences_, state, feature);
      feature += n;
    }
  }
  if (signal.data != nullptr && plan_.signal_size() > 0) {
    const Rows& z = affines_.back().out;
    WriteColumns(z.at(row), z.stride, plan_.signal_size(), first_, sequences_, signal, 0);
  }
}

void Chunk::Forward(const Kernels& kernels, const float* direct, const SequenceInput& input, size_t first,
                    size_t sequences, bool keep, View3 output, const SegmentStarts& starts) {
  kernels_ = &kernels;
  direct_ = direct;
  first_ = first;
  sequences_ = sequences;
  steps_ = input.recurrent_input.planes;
  Reserve(keep ? steps_ : std::min(steps_, BlockSteps()), keep);
  ReadStart(input);
  end_step_ = 0;
  for (size_t time = 0; time < steps_;) {
    const size_t steps = std::min(BlockSteps(), steps_ - time);
    if (!keep) CarryOver(end_step_);
    const size_t step = keep ? time : 0;
    ReadInput(input, time, step, steps);
    ForwardBlock(step, steps);
    WriteStarts(starts, time, step, steps);
    if (output.data != nullptr) {
      const bool modulated = !modulated_.empty();
      const Rows& head = modulated ? modulated_.back().out : affines_.back().out;
      for (size_t t = 0; t < steps; ++t) {
        const size_t row = (step + t + (modulated ? 0 : 1)) * sequences_;
        WriteColumns(head.at(row), head.stride, output.rows, first_, sequences_, output.plane(time + t), 0);
      }
    }
    time += steps;
    end_step_ = step + steps;
  }
}

void Chunk::ForwardBlock(size_t step, size_t steps) {
  for (size_t l = 0; l < grus_.size(); ++l) ForwardGruBlock(l, step, steps);
  const size_t rows = steps * sequences_;
  const size_t after = (step + 1) * sequences_;  // arrays with a step in front
  const float* in = grus_.back().state.at(after);
  size_t in_stride = grus_.back().state.stride;
  for (size_t l = 0; l < affines_.size(); ++l) {
    const AffinePlan& layer = plan_.affines()[l];
    const Rows& out = affines_[l].out;
    kernels_->multiply({.m = rows,
                        .n = layer.units,
                        .k = layer.inputs,
                        .a = in,
                        .a_stride = in_stride,
                        .b = direct_ + layer.weight.offset,
                        .b_stride = layer.weight.stride,
                        .c = out.at(after),
                        .c_stride = out.stride,
                        .init = direct_ + layer.bias.offset});
    kernels_->activate(layer.activation, rows, layer.units, out.at(after), out.stride);
    in = out.at(after);
    in_stride = out.stride;
  }
  for (size_t l = 0; l < modulated_.size(); ++l) ForwardModulatedBlock(l, step, steps);
}

void Chunk::ForwardGruBlock(size_t layer, size_t step, size_t steps) {
  const GruPlan& gru = plan_.grus()[layer];
  const GruRows& arrays = grus_[layer];
  const size_t n = gru.units;
  const size_t rows = steps * sequences_;
  const Rows pre{pre_.data, PackedGates(n)};
  const Rows& in = layer == 0 ? recurrent_input_ : grus_[layer - 1].state;
  kernels_->multiply({.m = rows,
                      .n = gru.spread,
                      .k = gru.inputs,
                      .a = in.at((step + (layer == 0 ? 0 : 1)) * sequences_),
                      .a_stride = in.stride,
                      .b = direct_ + gru.input.offset,
                      .b_stride = gru.input.stride,
                      .c = pre.data,
                      .c_stride = pre.stride,
                      .init = direct_ + gru.bias.offset});

  for (size_t t = 0; t < steps; ++t) {
    const size_t row = (step + t) * sequences_;
    float* now = pre.at(t * sequences_);
    kernels_->multiply({.m = sequences_,
                        .n = 3 * n,
                        .k = n,
                        .a = arrays.state.at(row),
                        .a_stride = arrays.state.stride,
                        .b = direct_ + gru.recurrent.offset,
                        .b_stride = gru.recurrent.stride,
                        .c = now + n,
                        .c_stride = pre.stride,
                        .init = now + n,
                        .init_stride = pre.stride,
                        .init_columns = 2 * n});
    kernels_->gru_forward({.rows = sequences_,
                           .units = n,
                           .pre = now,
                           .pre_stride = pre.stride,
                           .previous = arrays.state.at(row),
                           .gates = arrays.gates.at(row),
                           .next = arrays.state.at(row + sequences_)});
  }
}

void Chunk::ForwardModulatedBlock(size_t layer, size_t step, size_t steps) {
  const ModulatedPlan& plan = plan_.modulated()[layer];
  const ModulatedRows& arrays = modulated_[layer];
  const size_t rows = steps * sequences_;
  const size_t row = step * sequences_;
  const Rows& in = layer == 0 ? main_input_ : modulated_[layer - 1].out;
  const Rows& signal = affines_.back().out;
  kernels_->multiply({.m = rows,
                      .n = plan.units,
                      .k = plan.inputs,
                      .a = in.at(row),
                      .a_stride = in.stride,
                      .b = direct_ + plan.weight.offset,
                      .b_stride = plan.weight.stride,
                      .c = arrays.value.at(row),
                      .c_stride = arrays.value.stride,
                      .init = direct_ + plan.bias.offset});
  kernels_->multiply({.m = rows,
                      .n = 2 * plan.units,
                      .k = plan.slice.size,
                      .a = signal.at(row + (plan.lagged ? 0 : sequences_)) + plan.slice.first,
                      .a_stride = signal.stride,
                      .b = direct_ + plan.modulation.offset,
                      .b_stride = plan.modulation.stride,
                      .c = arrays.modulation.at(row),
                      .c_stride = arrays.modulation.stride,
                      .init = direct_ + plan.modulation_bias.offset});
  kernels_->modulate({.activation = plan.activation,
                      .rows = rows,
                      .units = plan.units,
                      .value = arrays.value.at(row),
                      .value_stride = arrays.value.stride,
                      .modulation = arrays.modulation.at(row),
                      .modulation_stride = arrays.modulation.stride,
                      .out = arrays.out.at(row)});
}

}  // namespace nmn::bptt
