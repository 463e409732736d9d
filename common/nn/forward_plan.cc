#include "common/nn/forward_plan.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace nmn::nn {
namespace {

SwappedRows Fixed(size_t row) { return {{row, row}}; }
SwappedRows Below(const SwappedRows& rows, size_t count) { return {{rows.row[0] + count, rows.row[1] + count}}; }

// Hands out rows of the slab.
class Rows {
 public:
  size_t Take(size_t count) {
    const size_t first = taken_;
    taken_ += count;
    return first;
  }
  SwappedRows TakeTwice(size_t count) {
    const size_t first = Take(count);
    return {{first, Take(count)}};
  }
  size_t taken() const { return taken_; }

 private:
  size_t taken_ = 0;
};

// Copies columns [first, first + count) of matrix rows [in, columns] one after the other.
float* PackColumns(const float* matrix, size_t in, size_t columns, size_t first, size_t count, float* out) {
  for (size_t i = 0; i < in; ++i) out = std::copy_n(matrix + i * columns + first, count, out);
  return out;
}

// Calls pack(first, count) for each tile of the outputs.
template <class Pack>
void ForTiles(size_t outputs, size_t largest, const Pack& pack) {
  for (size_t first = 0; first < outputs;) {
    const size_t count = NextTile(outputs - first, largest);
    pack(first, count);
    first += count;
  }
}

void PackGru(const GruLayer& gru, const float* input, const float* recurrent, const float* bias, float* out) {
  const size_t n = gru.units;
  ForTiles(n, kUnitTile, [&](size_t first, size_t count) {
    for (size_t gate : {0, 1}) out = std::copy_n(bias + gate * n + first, count, out);
    for (size_t i = 0; i < n; ++i) {
      for (size_t gate : {0, 1, 2}) out = std::copy_n(recurrent + (i * 3 + gate) * n + first, count, out);
    }
    for (size_t i = 0; i < gru.inputs; ++i) {
      for (size_t gate : {0, 1}) out = std::copy_n(input + (i * 3 + gate) * n + first, count, out);
    }
    out = PackColumns(input, gru.inputs, 3 * n, 2 * n + first, count, out);
  });
}

}  // namespace

ForwardPlan MakeForwardPlan(const NetworkSpec& spec) {
  const v1::NetworkOptions& options = spec.options;
  ForwardPlan plan;
  Rows rows;
  size_t weights = 0;
  const auto take_weights = [&weights](size_t count) {
    const size_t first = weights;
    weights += count;
    return first;
  };

  plan.recurrent_input = rows.Take(spec.recurrent_input_size);
  plan.main_input = rows.Take(spec.main_input_size);
  plan.state = rows.TakeTwice(spec.state_size);
  plan.signal = rows.TakeTwice(options.signal_size());

  size_t in = spec.recurrent_input_size;
  SwappedRows input = Fixed(plan.recurrent_input);
  SwappedRows state = plan.state;
  for (size_t units : options.recurrent_sizes()) {
    plan.recurrent.push_back({in, units, input, state, take_weights(units * (2 + 3 * (units + in)))});
    in = units;
    input = state;
    state = Below(state, units);
  }

  const auto add_dense = [&](size_t outputs, SwappedRows output, v1::Activation activation) {
    plan.dense.push_back({in, outputs, input, output, activation, take_weights(outputs * (1 + in))});
    in = outputs;
    input = output;
  };
  if (options.architecture() == v1::RNN) {
    for (size_t units : options.hidden_sizes()) add_dense(units, Fixed(rows.Take(units)), options.main_activation());
    plan.output = rows.Take(spec.output_size);
    add_dense(spec.output_size, Fixed(plan.output), v1::IDENTITY);
  } else {
    add_dense(options.signal_size(), plan.signal, options.signal_activation());
    const SwappedRows lagged{{plan.signal.row[1], plan.signal.row[0]}};
    in = spec.main_input_size;
    input = Fixed(plan.main_input);
    const auto add_modulated = [&](size_t layer, size_t outputs, SwappedRows output, bool lag,
                                   v1::Activation activation) {
      const NetworkSpec::Slice& slice = spec.signal_slices[layer];
      plan.modulated.push_back({in, outputs, slice.size, input, output, Below(lag ? lagged : plan.signal, slice.first),
                                options.formula(), activation, take_weights(outputs * (1 + in + 2 * slice.size))});
      in = outputs;
      input = output;
    };
    const size_t hidden = options.hidden_sizes_size();
    for (size_t layer = 0; layer < hidden; ++layer) {
      const size_t units = options.hidden_sizes(static_cast<int>(layer));
      add_modulated(layer, units, Fixed(rows.Take(units)), options.signal_lag(), options.main_activation());
    }
    plan.output = rows.Take(spec.output_size);
    add_modulated(hidden, spec.output_size, Fixed(plan.output), false, v1::IDENTITY);
  }
  plan.rows = rows.taken();
  plan.weights = hwy::AllocateAligned<float>(weights);
  std::fill_n(plan.weights.get(), weights, 0.0f);
  return plan;
}

void PackWeights(const NetworkSpec& spec, std::span<const float> parameters, ForwardPlan& plan) {
  const auto tensor = [&](const std::string& name) { return parameters.data() + spec.tensor(name).offset; };
  for (size_t layer = 0; layer < plan.recurrent.size(); ++layer) {
    const std::string name = absl::StrCat("gru", layer);
    PackGru(plan.recurrent[layer], tensor(name + ".w_input"), tensor(name + ".w_recurrent"), tensor(name + ".bias"),
            plan.weights.get() + plan.recurrent[layer].weights);
  }
  for (size_t index = 0; index < plan.dense.size(); ++index) {
    const DenseLayer& layer = plan.dense[index];
    const std::string name = spec.options.architecture() == v1::NMN ? "signal"
                             : index + 1 == plan.dense.size()       ? "head"
                                                                    : absl::StrCat("dense", index);
    float* out = plan.weights.get() + layer.weights;
    ForTiles(layer.outputs, kRowTile, [&](size_t first, size_t count) {
      out = std::copy_n(tensor(name + ".bias") + first, count, out);
      out = PackColumns(tensor(name + ".weight"), layer.inputs, layer.outputs, first, count, out);
    });
  }
  for (size_t index = 0; index < plan.modulated.size(); ++index) {
    const ModulatedLayer& layer = plan.modulated[index];
    const std::string name = index + 1 == plan.modulated.size() ? "head" : absl::StrCat("main", index);
    float* out = plan.weights.get() + layer.weights;
    ForTiles(layer.outputs, kRowTile, [&](size_t first, size_t count) {
      out = std::copy_n(tensor(name + ".bias") + first, count, out);
      out = PackColumns(tensor(name + ".weight"), layer.inputs, layer.outputs, first, count, out);
      out = PackColumns(tensor(name + ".w_scale"), layer.signal_size, layer.outputs, first, count, out);
      out = PackColumns(tensor(name + ".w_offset"), layer.signal_size, layer.outputs, first, count, out);
    });
  }
}

}  // namespace nmn::nn
