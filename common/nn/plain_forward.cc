#include "common/nn/plain_forward.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "common/nn/input_reader.h"
#include "common/nn/plain_math.h"
#include "common/nn/recurrent_cell.h"

namespace nmn::nn {
namespace {

// An array [row, lane] that grows and shrinks with the lanes in use.
class Array {
 public:
  Array(size_t rows, size_t max_lanes) : rows_(rows), numbers_(rows * max_lanes) {}

  View2 Of(size_t lanes) { return {numbers_.data(), rows_, lanes}; }
  View2 Rows(size_t first, size_t count, size_t lanes) { return {numbers_.data() + first * lanes, count, lanes}; }
  void Clear() { std::fill(numbers_.begin(), numbers_.end(), 0.0f); }

 private:
  const size_t rows_;
  std::vector<float> numbers_;
};

class PlainForward final : public PolicyForward {
 public:
  PlainForward(const NetworkSpec& spec, size_t max_lanes)
      : spec_(spec),
        reader_(spec_),
        parameters_(spec.parameter_count),
        max_lanes_(max_lanes),
        recurrent_input_(spec.recurrent_input_size, max_lanes),
        main_input_(spec.main_input_size, max_lanes),
        states_{Array(spec.state_size, max_lanes), Array(spec.state_size, max_lanes)},
        signals_{Array(spec.options.signal_size(), max_lanes), Array(spec.options.signal_size(), max_lanes)},
        scale_(Widest(spec), max_lanes),
        offset_(Widest(spec), max_lanes) {
    for (uint32_t units : spec.options.hidden_sizes()) hidden_.emplace_back(units, max_lanes);
    for (const TensorSpec& tensor : spec_.tensors) tensors_.push_back(parameters_.data() + tensor.offset);
  }

  const NetworkSpec& spec() const override { return spec_; }

  void SetParameters(std::span<const float> parameters) override {
    assert(parameters.size() == spec_.parameter_count);
    std::copy(parameters.begin(), parameters.end(), parameters_.begin());
    reader_.SetParameters(parameters);
  }

  void SetHead(std::shared_ptr<const PolicyHead> head) override { spec_.head = std::move(head); }

  void Reset(size_t lanes) override {
    assert(lanes <= max_lanes_);
    lanes_ = lanes;
    parity_ = 0;
    for (Array& array : states_) array.Clear();
    for (Array& array : signals_) array.Clear();
  }

  void Step(const StepInput& input, View2 output) override {
    assert(output.columns == lanes_ && output.rows == spec_.output_size);
    parity_ = 1 - parity_;
    reader_.Read(input, 0, lanes_, lanes_, recurrent_input_.Of(lanes_).data, main_input_.Of(lanes_).data);
    const float* const* next = tensors_.data();
    const ConstView2 top = StepCells(next);
    if (spec_.options.architecture() == v1::RNN) {
      ConstView2 y = top;
      for (Array& hidden : hidden_) y = Dense(next, y, hidden.Of(lanes_), spec_.options.main_activation());
      Dense(next, y, output, v1::IDENTITY);
    } else {
      Dense(next, top, signals_[parity_].Of(lanes_), spec_.options.signal_activation());
      ConstView2 y = main_input_.Of(lanes_);
      const int hidden_parity = spec_.options.signal_lag() ? 1 - parity_ : parity_;
      for (size_t layer = 0; layer < hidden_.size(); ++layer)
        y = Modulated(next, y, Slice(layer, hidden_parity), hidden_[layer].Of(lanes_), spec_.options.main_activation());
      Modulated(next, y, Slice(hidden_.size(), parity_), output, v1::IDENTITY);
    }
    if (spec_.head != nullptr) spec_.head->Finish(output);
  }

  ConstView2 signal() const override { return signals_[parity_].Of(lanes_); }
  ConstView2 state() const override { return states_[parity_].Of(lanes_); }

 private:
  static size_t Widest(const NetworkSpec& spec) {
    size_t widest = spec.output_size;
    for (uint32_t units : spec.options.hidden_sizes()) widest = std::max<size_t>(widest, units);
    return widest;
  }

  // `next` is the next tensor, here and below.
  ConstView2 StepCells(const float* const*& next) {
    ConstView2 y = recurrent_input_.Of(lanes_);
    size_t first = 0;
    for (size_t units : spec_.options.recurrent_sizes()) {
      const size_t size = spec_.cell->StateSize(units);
      const View2 after = states_[parity_].Rows(first, size, lanes_);
      spec_.cell->Step({next, spec_.cell->tensor_count()}, units, y, states_[1 - parity_].Rows(first, size, lanes_),
                       after);
      next += spec_.cell->tensor_count();
      y = {after.data, units, lanes_};
      first += size;
    }
    return y;
  }

  ConstView2 Slice(size_t layer, int parity) const {
    const NetworkSpec::Slice& slice = spec_.signal_slices[layer];
    return signals_[parity].Rows(slice.first, slice.size, lanes_);
  }

  static void ActivateAll(v1::Activation activation, View2 y) {
    std::transform(y.data, y.data + y.rows * y.columns, y.data, [&](float v) { return Activate(activation, v); });
  }

  static ConstView2 Dense(const float* const*& next, ConstView2 y, View2 out, v1::Activation activation) {
    const float *weight = *next++, *bias = *next++;
    FillRows(bias, out);
    AddProduct(weight, out.rows, 0, y, out);
    ActivateAll(activation, out);
    return out;
  }

  ConstView2 Modulated(const float* const*& next, ConstView2 y, ConstView2 signal, View2 out,
                       v1::Activation activation) {
    const float *weight = *next++, *bias = *next++, *third = *next++, *w_offset = *next++;
    const bool paper = spec_.options.formula() == v1::FORMULA_PAPER;
    const size_t count = out.rows * out.columns;
    const View2 scale = scale_.Rows(0, out.rows, lanes_), offset = offset_.Rows(0, out.rows, lanes_);
    std::fill_n(out.data, count, 0.0f);
    std::fill_n(offset.data, count, 0.0f);
    FillRows(bias, paper ? out : offset);
    AddProduct(weight, out.rows, 0, y, out);
    AddProduct(w_offset, out.rows, 0, signal, offset);
    std::fill_n(scale.data, count, paper ? 0.0f : 1.0f);
    if (spec_.options.modulation() == v1::HYPERNETWORK) {
      AddHyperProduct(third, y, signal, out);
    } else {
      AddProduct(third, out.rows, 0, signal, scale);
    }
    for (size_t i = 0; i < count; ++i) out.data[i] = scale.data[i] * out.data[i] + offset.data[i];
    ActivateAll(activation, out);
    return out;
  }

  // out += y W(z), where W(z) is the sum of z_k times the k-th matrix of w_weight.
  static void AddHyperProduct(const float* w_weight, ConstView2 y, ConstView2 signal, View2 out) {
    for (size_t k = 0; k < signal.rows; ++k) {
      const float* z = signal.row(k);
      for (size_t i = 0; i < y.rows; ++i) {
        const float* in = y.row(i);
        const float* weights = w_weight + (k * y.rows + i) * out.rows;
        for (size_t r = 0; r < out.rows; ++r) {
          float* sum = out.row(r);
          for (size_t lane = 0; lane < out.columns; ++lane) sum[lane] += weights[r] * (z[lane] * in[lane]);
        }
      }
    }
  }

  NetworkSpec spec_;
  InputReader reader_;
  std::vector<float> parameters_;
  std::vector<const float*> tensors_;  // in the order of the spec
  const size_t max_lanes_;
  Array recurrent_input_, main_input_;
  mutable Array states_[2], signals_[2];  // those of `parity_` are the last step's
  std::vector<Array> hidden_;
  Array scale_, offset_;  // of one modulated layer
  size_t lanes_ = 0;
  int parity_ = 0;
};

}  // namespace

std::unique_ptr<PolicyForward> MakePlainForward(const NetworkSpec& spec, size_t max_lanes) {
  return std::make_unique<PlainForward>(spec, max_lanes);
}

}  // namespace nmn::nn
