#include "learner/bptt/plan.h"

#include <algorithm>
#include <string>

#include "learner/bptt/kernels.h"

namespace nmn::bptt {

Plan::Plan(const nn::NetworkSpec& spec) : spec_(spec) {
  const v1::NetworkOptions& options = spec_.options;
  AddGrus();
  const size_t top = grus_.back().units;
  const size_t hidden = options.hidden_sizes_size();
  if (options.architecture() == v1::NMN) {
    lagged_ = options.signal_lag() && hidden > 0;
    AddAffine("signal", top, options.signal_size(), options.signal_activation());
    size_t inputs = spec_.main_input_size;
    for (size_t l = 0; l < hidden; ++l) {
      AddModulated("main" + std::to_string(l), inputs, options.hidden_sizes(l), options.main_activation(),
                   spec_.signal_slices[l], lagged_);
      inputs = options.hidden_sizes(l);
    }
    AddModulated("head", inputs, spec_.output_size, v1::IDENTITY, spec_.signal_slices[hidden], false);
  } else {
    size_t inputs = top;
    for (size_t l = 0; l < hidden; ++l) {
      AddAffine("dense" + std::to_string(l), inputs, options.hidden_sizes(l), options.main_activation());
      inputs = options.hidden_sizes(l);
    }
    AddAffine("head", inputs, spec_.output_size, v1::IDENTITY);
  }
}

Slot Plan::AddDirect(size_t rows, size_t columns, size_t reach) {
  const Slot slot{direct_size_, rows, columns, Padded(std::max(columns, reach))};
  direct_size_ += slot.rows * slot.stride;
  return slot;
}

Slot Plan::AddTurned(size_t rows, size_t columns) {
  const Slot slot{turned_size_, rows, columns, Padded(columns)};
  turned_size_ += slot.rows * slot.stride;
  return slot;
}

void Plan::MapDirect(const nn::TensorSpec& tensor, size_t first, size_t count, const Slot& slot, size_t at) {
  const size_t columns = tensor.shape.back();
  direct_blocks_.push_back(
      {tensor.offset + first, columns, tensor.size / columns, count, slot.offset + at, slot.stride});
}

void Plan::MapTurned(const nn::TensorSpec& tensor, size_t first, size_t count, const Slot& slot, size_t at) {
  const size_t columns = tensor.shape.back();
  turned_blocks_.push_back(
      {tensor.offset + first, columns, tensor.size / columns, count, slot.offset + at * slot.stride, slot.stride});
}

void Plan::AddGrus() {
  size_t inputs = spec_.recurrent_input_size;
  for (int l = 0; l < spec_.options.recurrent_sizes_size(); ++l) {
    const std::string name = "gru" + std::to_string(l);
    const size_t n = spec_.options.recurrent_sizes(l);
    GruPlan gru;
    gru.inputs = inputs;
    gru.units = n;
    gru.spread = n + RoundUp(2 * n, 16);
    gru.input = AddDirect(inputs, 3 * n, gru.spread);
    gru.bias = AddDirect(1, 3 * n, gru.spread);
    gru.recurrent = AddDirect(n, 3 * n);
    gru.recurrent_turned = AddTurned(3 * n, n);
    const nn::TensorSpec& input = spec_.tensor(name + ".w_input");
    const nn::TensorSpec& recurrent = spec_.tensor(name + ".w_recurrent");
    MapDirect(input, 0, 2 * n, gru.input, n);
    MapDirect(input, 2 * n, n, gru.input);
    MapDirect(recurrent, 0, 3 * n, gru.recurrent);
    MapDirect(spec_.tensor(name + ".bias"), 0, 2 * n, gru.bias, n);
    MapTurned(recurrent, 0, 3 * n, gru.recurrent_turned);
    if (l > 0) {
      gru.input_turned = AddTurned(3 * n, inputs);
      MapTurned(input, 0, 2 * n, gru.input_turned, n);
      MapTurned(input, 2 * n, n, gru.input_turned);
    }
    grus_.push_back(gru);
    inputs = n;
  }
}

void Plan::AddAffine(const std::string& name, size_t inputs, size_t units, v1::Activation activation) {
  AffinePlan layer;
  layer.inputs = inputs;
  layer.units = units;
  layer.activation = activation;
  layer.weight = AddDirect(inputs, units);
  layer.bias = AddDirect(1, units);
  layer.weight_turned = AddTurned(units, inputs);
  const nn::TensorSpec& weight = spec_.tensor(name + ".weight");
  MapDirect(weight, 0, units, layer.weight);
  MapDirect(spec_.tensor(name + ".bias"), 0, units, layer.bias);
  MapTurned(weight, 0, units, layer.weight_turned);
  affines_.push_back(layer);
}

void Plan::AddModulated(const std::string& name, size_t inputs, size_t units, v1::Activation activation,
                        const nn::NetworkSpec::Slice& slice, bool lagged) {
  ModulatedPlan layer;
  layer.inputs = inputs;
  layer.units = units;
  layer.activation = activation;
  layer.slice = slice;
  layer.lagged = lagged;
  layer.weight = AddDirect(inputs, units);
  layer.bias = AddDirect(1, units);
  layer.modulation = AddDirect(slice.size, 2 * units);
  layer.modulation_bias = AddDirect(1, 2 * units);
  layer.modulation_turned = AddTurned(2 * units, slice.size);
  const nn::TensorSpec& weight = spec_.tensor(name + ".weight");
  const nn::TensorSpec& bias = spec_.tensor(name + ".bias");
  const nn::TensorSpec& scale = spec_.tensor(name + ".w_scale");
  const nn::TensorSpec& offset = spec_.tensor(name + ".w_offset");
  MapDirect(weight, 0, units, layer.weight);
  MapDirect(scale, 0, units, layer.modulation);
  MapDirect(offset, 0, units, layer.modulation, units);
  MapTurned(scale, 0, units, layer.modulation_turned);
  MapTurned(offset, 0, units, layer.modulation_turned, units);
  if (spec_.options.formula() == v1::FORMULA_PAPER) {
    MapDirect(bias, 0, units, layer.bias);
  } else {
    MapDirect(bias, 0, units, layer.modulation_bias, units);
    ones_.push_back({0, 0, 1, units, layer.modulation_bias.offset, 0});
  }
  if (!modulated_.empty()) {
    layer.weight_turned = AddTurned(units, inputs);
    MapTurned(weight, 0, units, layer.weight_turned);
  }
  modulated_.push_back(layer);
}

void Plan::Pack(std::span<const float> flat, std::span<float> direct, std::span<float> turned) const {
  std::fill(direct.begin(), direct.end(), 0.0f);
  std::fill(turned.begin(), turned.end(), 0.0f);
  for (const Block& block : ones_) std::fill_n(direct.data() + block.packed, block.columns, 1.0f);
  for (const Block& block : direct_blocks_) {
    for (size_t r = 0; r < block.rows; ++r) {
      std::copy_n(flat.data() + block.flat + r * block.flat_stride, block.columns,
                  direct.data() + block.packed + r * block.packed_stride);
    }
  }
  for (const Block& block : turned_blocks_) {
    for (size_t r = 0; r < block.rows; ++r) {
      for (size_t c = 0; c < block.columns; ++c) {
        turned[block.packed + c * block.packed_stride + r] = flat[block.flat + r * block.flat_stride + c];
      }
    }
  }
}

void Plan::Unpack(std::span<const float> direct, std::span<float> flat) const {
  for (const Block& block : direct_blocks_) {
    for (size_t r = 0; r < block.rows; ++r) {
      std::copy_n(direct.data() + block.packed + r * block.packed_stride, block.columns,
                  flat.data() + block.flat + r * block.flat_stride);
    }
  }
}

}  // namespace nmn::bptt
