#include <algorithm>

#include "learner/bptt/chunk.h"

namespace nmn::bptt {

void Chunk::Backward(const Kernels& kernels, const float* turned, ConstView3 output_gradient,
                     std::span<float> gradient) {
  kernels_ = &kernels;
  turned_ = turned;
  gradient_ = gradient.data();
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  for (const GruRows& gru : grus_) std::fill_n(gru.carry.data, sequences_ * gru.carry.stride, 0.0f);
  std::fill_n(signal_carry_.data, sequences_ * signal_carry_.stride, 0.0f);
  // A network without modulated layers keeps its heads' gradient in an array that has one more step in front.
  const bool modulated = !modulated_.empty();
  const Rows head = modulated ? modulated_.back().gradient
                              : Rows{affines_.back().gradient.at(sequences_), affines_.back().gradient.stride};
  for (size_t end = steps_; end > 0;) {
    const size_t steps = std::min(BlockSteps(), end);
    const size_t step = end - steps;
    for (size_t t = 0; t < steps; ++t) {
      const ConstView2 plane = output_gradient.plane(step + t);
      for (size_t f = 0; f < plane.rows; ++f) {
        const float* from = plane.row(f) + first_;
        for (size_t b = 0; b < sequences_; ++b) head.at(t * sequences_ + b)[f] = from[b];
      }
    }
    BackwardBlock(step, steps);
    end = step;
  }
}

void Chunk::AddWeightGradient(size_t rows, const float* a, size_t a_stride, const float* b, size_t b_stride,
                              const Slot& slot) {
  float* sum = gradient_ + slot.offset;
  kernels_->multiply_transposed({.m = slot.rows,
                                 .n = slot.columns,
                                 .k = rows,
                                 .a = a,
                                 .a_stride = a_stride,
                                 .b = b,
                                 .b_stride = b_stride,
                                 .c = sum,
                                 .c_stride = slot.stride,
                                 .init = sum,
                                 .init_stride = slot.stride});
}

void Chunk::BackwardBlock(size_t step, size_t steps) {
  if (!modulated_.empty()) {
    const Rows& signal = affines_.back().gradient;
    std::fill_n(signal.data, steps * sequences_ * signal.stride, 0.0f);
    std::copy_n(signal_carry_.data, sequences_ * signal.stride, signal.at(steps * sequences_));
    for (size_t l = modulated_.size(); l-- > 0;) BackwardModulatedBlock(l, step, steps);
    if (plan_.lagged()) std::copy_n(signal.data, sequences_ * signal.stride, signal_carry_.data);
  }
  for (size_t l = affines_.size(); l-- > 0;) BackwardAffineBlock(l, step, steps);
  for (size_t l = grus_.size(); l-- > 0;) BackwardGruBlock(l, step, steps);
}

void Chunk::BackwardModulatedBlock(size_t layer, size_t step, size_t steps) {
  const ModulatedPlan& plan = plan_.modulated()[layer];
  const ModulatedRows& arrays = modulated_[layer];
  const size_t rows = steps * sequences_;
  const size_t row = step * sequences_;
  const Rows value_gradient{value_scratch_.data, arrays.value.stride};
  const Rows modulation_gradient{modulation_scratch_.data, arrays.modulation.stride};
  kernels_->modulate_backward({.activation = plan.activation,
                               .rows = rows,
                               .units = plan.units,
                               .value = arrays.value.at(row),
                               .value_stride = arrays.value.stride,
                               .modulation = arrays.modulation.at(row),
                               .modulation_stride = arrays.modulation.stride,
                               .out = arrays.out.at(row),
                               .gradient = arrays.gradient.data,
                               .value_gradient = value_gradient.data,
                               .modulation_gradient = modulation_gradient.data});
  const Rows& in = layer == 0 ? main_input_ : modulated_[layer - 1].out;
  AddWeightGradient(rows, in.at(row), in.stride, value_gradient.data, value_gradient.stride, plan.weight);
  kernels_->add_column_sums(rows, plan.units, value_gradient.data, value_gradient.stride, gradient_ + plan.bias.offset);

  const size_t signal_row = plan.lagged ? 0 : sequences_;
  const Rows& signal = affines_.back().out;
  AddWeightGradient(rows, signal.at(row + signal_row) + plan.slice.first, signal.stride, modulation_gradient.data,
                    modulation_gradient.stride, plan.modulation);
  kernels_->add_column_sums(rows, 2 * plan.units, modulation_gradient.data, modulation_gradient.stride,
                            gradient_ + plan.modulation_bias.offset);

  float* signal_gradient = affines_.back().gradient.at(signal_row) + plan.slice.first;
  kernels_->multiply({.m = rows,
                      .n = plan.slice.size,
                      .k = 2 * plan.units,
                      .a = modulation_gradient.data,
                      .a_stride = modulation_gradient.stride,
                      .b = turned_ + plan.modulation_turned.offset,
                      .b_stride = plan.modulation_turned.stride,
                      .c = signal_gradient,
                      .c_stride = affines_.back().gradient.stride,
                      .init = signal_gradient,
                      .init_stride = affines_.back().gradient.stride});
  if (layer > 0) {
    kernels_->multiply({.m = rows,
                        .n = plan.inputs,
                        .k = plan.units,
                        .a = value_gradient.data,
                        .a_stride = value_gradient.stride,
                        .b = turned_ + plan.weight_turned.offset,
                        .b_stride = plan.weight_turned.stride,
                        .c = modulated_[layer - 1].gradient.data,
                        .c_stride = modulated_[layer - 1].gradient.stride});
  }
}

void Chunk::BackwardAffineBlock(size_t layer, size_t step, size_t steps) {
  const AffinePlan& plan = plan_.affines()[layer];
  const AffineRows& arrays = affines_[layer];
  const size_t rows = steps * sequences_;
  const size_t after = (step + 1) * sequences_;
  float* gradient = arrays.gradient.at(sequences_);
  const size_t stride = arrays.gradient.stride;
  kernels_->activate_backward(plan.activation, rows, plan.units, arrays.out.at(after), gradient, stride);
  const Rows& in = layer == 0 ? grus_.back().state : affines_[layer - 1].out;
  AddWeightGradient(rows, in.at(after), in.stride, gradient, stride, plan.weight);
  kernels_->add_column_sums(rows, plan.units, gradient, stride, gradient_ + plan.bias.offset);
  const Rows& below = layer == 0 ? grus_.back().state_gradient : affines_[layer - 1].gradient;
  kernels_->multiply({.m = rows,
                      .n = plan.inputs,
                      .k = plan.units,
                      .a = gradient,
                      .a_stride = stride,
                      .b = turned_ + plan.weight_turned.offset,
                      .b_stride = plan.weight_turned.stride,
                      .c = layer == 0 ? below.data : below.at(sequences_),
                      .c_stride = below.stride});
}

void Chunk::BackwardGruBlock(size_t layer, size_t step, size_t steps) {
  const GruPlan& plan = plan_.grus()[layer];
  const GruRows& arrays = grus_[layer];
  const size_t n = plan.units;
  const size_t rows = steps * sequences_;
  const Rows pre{pre_.data, PackedGates(n)};
  for (size_t t = steps; t-- > 0;) {
    const size_t row = (step + t) * sequences_;
    float* now = pre.at(t * sequences_);
    kernels_->gru_backward({.rows = sequences_,
                            .units = n,
                            .gates = arrays.gates.at(row),
                            .previous = arrays.state.at(row),
                            .gradient = arrays.state_gradient.at(t * sequences_),
                            .carry = arrays.carry.data,
                            .pre_gradient = now,
                            .pre_stride = pre.stride});
    if (row == 0) continue;  // the start state gets no gradient
    kernels_->multiply({.m = sequences_,
                        .n = n,
                        .k = 3 * n,
                        .a = now + n,
                        .a_stride = pre.stride,
                        .b = turned_ + plan.recurrent_turned.offset,
                        .b_stride = plan.recurrent_turned.stride,
                        .c = arrays.carry.data,
                        .c_stride = arrays.carry.stride,
                        .init = arrays.carry.data,
                        .init_stride = arrays.carry.stride});
  }

  const size_t first = step * sequences_;
  AddWeightGradient(rows, arrays.state.at(first), arrays.state.stride, pre.data + n, pre.stride, plan.recurrent);
  const Rows& in = layer == 0 ? recurrent_input_ : grus_[layer - 1].state;
  AddWeightGradient(rows, in.at(layer == 0 ? first : first + sequences_), in.stride, pre.data, pre.stride, plan.input);
  kernels_->add_column_sums(rows, 3 * n, pre.data, pre.stride, gradient_ + plan.bias.offset);
  if (layer == 0) return;
  kernels_->multiply({.m = rows,
                      .n = plan.inputs,
                      .k = 3 * n,
                      .a = pre.data,
                      .a_stride = pre.stride,
                      .b = turned_ + plan.input_turned.offset,
                      .b_stride = plan.input_turned.stride,
                      .c = grus_[layer - 1].state_gradient.data,
                      .c_stride = grus_[layer - 1].state_gradient.stride});
}

}  // namespace nmn::bptt
