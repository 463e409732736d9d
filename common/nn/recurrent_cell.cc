#include "common/nn/recurrent_cell.h"

#include <algorithm>
#include <vector>

#include "common/nn/plain_math.h"

namespace nmn::nn {
namespace {

// Rows of a step that nobody keeps, [rows, lanes].
class Scratch {
 public:
  Scratch(size_t rows, size_t lanes) : lanes_(lanes), numbers_(rows * lanes) {}
  View2 Rows(size_t first, size_t count) { return {numbers_.data() + first * lanes_, count, lanes_}; }

 private:
  const size_t lanes_;
  std::vector<float> numbers_;
};

ConstView2 Rows(ConstView2 view, size_t first, size_t count) { return {view.row(first), count, view.columns}; }

// docs/specification.md section 2.2.
class Gru final : public RecurrentCell {
 public:
  const char* name() const override { return "gru"; }
  size_t StateSize(size_t units) const override { return units; }
  size_t tensor_count() const override { return 3; }

  void AddTensors(const std::string& layer, uint32_t inputs, uint32_t units, SpecBuilder& add) const override {
    add.Matrix(layer + ".w_input", inputs, 3 * units);
    add.Matrix(layer + ".w_recurrent", units, 3 * units);
    add.Bias(layer + ".bias", 2 * units);
  }

  void Step(LayerTensors tensors, size_t units, ConstView2 input, ConstView2 before, View2 after) const override {
    const size_t n = units;
    Scratch scratch(4 * n, input.columns);
    const View2 gates = scratch.Rows(0, 2 * n), candidate = scratch.Rows(2 * n, n), remembered = scratch.Rows(3 * n, n);
    FillRows(tensors[2], gates);
    AddProduct(tensors[0], 3 * n, 0, input, gates);
    AddProduct(tensors[1], 3 * n, 0, before, gates);
    AddProduct(tensors[0], 3 * n, 2 * n, input, candidate);
    AddProduct(tensors[1], 3 * n, 2 * n, before, remembered);
    for (size_t j = 0; j < n; ++j) {
      for (size_t lane = 0; lane < input.columns; ++lane) {
        const float r = Sigmoid(gates.row(j)[lane]), g = Sigmoid(gates.row(n + j)[lane]);
        const float c = Tanh(candidate.row(j)[lane] + r * remembered.row(j)[lane]);
        after.row(j)[lane] = c + g * (before.row(j)[lane] - c);
      }
    }
  }
};

// docs/specification.md section 2.9. State: h, then c.
class Lstm final : public RecurrentCell {
 public:
  const char* name() const override { return "lstm"; }
  size_t StateSize(size_t units) const override { return 2 * units; }
  size_t tensor_count() const override { return 3; }

  void AddTensors(const std::string& layer, uint32_t inputs, uint32_t units, SpecBuilder& add) const override {
    add.Matrix(layer + ".w_input", inputs, 4 * units);  // columns: input | forget | cell | output
    add.Matrix(layer + ".w_recurrent", units, 4 * units);
    add.Bias(layer + ".bias", 4 * units);
  }

  void Step(LayerTensors tensors, size_t units, ConstView2 input, ConstView2 before, View2 after) const override {
    const size_t n = units;
    Scratch scratch(4 * n, input.columns);
    const View2 gates = scratch.Rows(0, 4 * n);
    FillRows(tensors[2], gates);
    AddProduct(tensors[0], 4 * n, 0, input, gates);
    AddProduct(tensors[1], 4 * n, 0, Rows(before, 0, n), gates);
    for (size_t j = 0; j < n; ++j) {
      for (size_t lane = 0; lane < input.columns; ++lane) {
        const float i = Sigmoid(gates.row(j)[lane]), f = Sigmoid(gates.row(n + j)[lane] + 1);
        const float o = Sigmoid(gates.row(3 * n + j)[lane]);
        const float c = f * before.row(n + j)[lane] + i * Tanh(gates.row(2 * n + j)[lane]);
        after.row(n + j)[lane] = c;
        after.row(j)[lane] = o * Tanh(c);
      }
    }
  }
};

// docs/specification.md section 2.9. State: h, then the trace [from, to], row by row.
class Plastic : public RecurrentCell {
 public:
  const char* name() const override { return "plastic"; }
  size_t StateSize(size_t units) const override { return units + units * units; }
  size_t tensor_count() const override { return 5; }

  void AddTensors(const std::string& layer, uint32_t inputs, uint32_t units, SpecBuilder& add) const override {
    AddCommon(layer, inputs, units, add);
    add.Number(layer + ".rate", kFirstRate);
  }

  void Step(LayerTensors tensors, size_t units, ConstView2 input, ConstView2 before, View2 after) const override {
    StepActivity(tensors, units, input, before, after);
    const float rate = tensors[4][0];
    ForTrace(units, before, after,
             [rate](float trace, float product, size_t) { return trace + rate * (product - trace); });
  }

 protected:
  static constexpr float kFirstRate = 0.01f;

  static void AddCommon(const std::string& layer, uint32_t inputs, uint32_t units, SpecBuilder& add) {
    add.Matrix(layer + ".w_input", inputs, units);
    add.Matrix(layer + ".w_recurrent", units, units);
    add.Matrix(layer + ".plasticity", units, units);
    add.Bias(layer + ".bias", units);
  }

  // h' = tanh(x W + b + h (U + alpha * trace))
  static void StepActivity(LayerTensors tensors, size_t n, ConstView2 input, ConstView2 before, View2 after) {
    const View2 next(after.row(0), n, after.columns);
    FillRows(tensors[3], next);
    AddProduct(tensors[0], n, 0, input, next);
    for (size_t from = 0; from < n; ++from) {
      const float* h = before.row(from);
      for (size_t to = 0; to < n; ++to) {
        const float fixed = tensors[1][from * n + to], plasticity = tensors[2][from * n + to];
        const float* trace = before.row(n + from * n + to);
        float* sum = next.row(to);
        for (size_t lane = 0; lane < after.columns; ++lane) sum[lane] += (fixed + plasticity * trace[lane]) * h[lane];
      }
    }
    for (size_t j = 0; j < n; ++j) {
      for (size_t lane = 0; lane < after.columns; ++lane) next.row(j)[lane] = Tanh(next.row(j)[lane]);
    }
  }

  // trace' = of(trace, h_from h'_to, lane)
  template <typename Of>
  static void ForTrace(size_t n, ConstView2 before, View2 after, const Of& of) {
    for (size_t from = 0; from < n; ++from) {
      for (size_t to = 0; to < n; ++to) {
        const float* trace = before.row(n + from * n + to);
        float* next = after.row(n + from * n + to);
        for (size_t lane = 0; lane < after.columns; ++lane)
          next[lane] = of(trace[lane], before.row(from)[lane] * after.row(to)[lane], lane);
      }
    }
  }
};

// The rate of the trace is a number that the layer computes of its own activity, m = tanh(h' v + c).
class ModulatedPlastic final : public Plastic {
 public:
  size_t tensor_count() const override { return 6; }

  void AddTensors(const std::string& layer, uint32_t inputs, uint32_t units, SpecBuilder& add) const override {
    AddCommon(layer, inputs, units, add);
    add.Matrix(layer + ".w_rate", units, 1);
    add.Bias(layer + ".rate_bias", 1);
  }

  void Step(LayerTensors tensors, size_t units, ConstView2 input, ConstView2 before, View2 after) const override {
    StepActivity(tensors, units, input, before, after);
    Scratch scratch(1, input.columns);
    const View2 rate = scratch.Rows(0, 1);
    FillRows(tensors[5], rate);
    AddProduct(tensors[4], 1, 0, Rows(after, 0, units), rate);
    for (size_t lane = 0; lane < input.columns; ++lane) rate.row(0)[lane] = Tanh(rate.row(0)[lane]);
    const float* m = rate.row(0);
    ForTrace(units, before, after, [m](float trace, float product, size_t lane) {
      return Activate(v1::SATURATED_RELU, trace + m[lane] * product);
    });
  }
};

}  // namespace

const RecurrentCell& CellOf(v1::Cell cell) {
  static const Gru gru;
  static const Lstm lstm;
  static const Plastic plastic;
  static const ModulatedPlastic modulated_plastic;
  switch (cell) {
    case v1::LSTM:
      return lstm;
    case v1::PLASTIC:
      return plastic;
    case v1::MODULATED_PLASTIC:
      return modulated_plastic;
    default:
      return gru;
  }
}

}  // namespace nmn::nn
