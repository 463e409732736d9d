#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/bench/twin.h"
#include "learner/ppo/torch_runtime.h"

namespace nmn::cli::bench {
namespace {

at::Tensor Activate(v1::Activation activation, at::Tensor x) {
  switch (activation) {
    case v1::SATURATED_RELU:
      return x.clamp_(-1.0, 1.0);
    case v1::SIGMOID:
      return x.sigmoid_();
    case v1::RELU:
      return x.relu_();
    case v1::TANH:
      return x.tanh_();
    default:
      return x;
  }
}

class TwinForward final : public nn::PolicyForward {
 public:
  explicit TwinForward(nn::NetworkSpec spec) : spec_(std::move(spec)) {}

  const nn::NetworkSpec& spec() const override { return spec_; }

  void SetParameters(std::span<const float> parameters) noexcept override {
    const c10::InferenceMode inference;
    parameters_.clear();
    for (const nn::TensorSpec& tensor : spec_.tensors) {
      at::Tensor copy = at::empty(tensor.shape, at::kFloat);
      std::copy_n(parameters.data() + tensor.offset, tensor.size, copy.data_ptr<float>());
      parameters_.push_back(std::move(copy));
    }
    grus_.clear();
    size_t next = 0;
    for (const int64_t units : spec_.options.recurrent_sizes()) {
      const at::Tensor input = parameters_[next++].t().contiguous();
      const at::Tensor recurrent = parameters_[next++].t().contiguous();
      grus_.push_back({input, recurrent, at::cat({parameters_[next++], at::zeros({units})}), at::zeros({3 * units})});
    }
  }

  void SetHead(std::shared_ptr<const nn::PolicyHead> head) noexcept override { spec_.head = std::move(head); }

  void Reset(size_t lanes) noexcept override {
    const c10::InferenceMode inference;
    const auto rows = static_cast<int64_t>(lanes);
    states_.clear();
    for (const int64_t units : spec_.options.recurrent_sizes()) states_.push_back(at::zeros({rows, units}));
    recurrent_input_ = at::empty({rows, static_cast<int64_t>(spec_.recurrent_input_size)});
    main_input_ = at::empty({rows, static_cast<int64_t>(spec_.main_input_size)});
    signal_ = at::zeros({rows, static_cast<int64_t>(spec_.options.signal_size())});
  }

  void Step(const nn::StepInput& input, View2 output) noexcept override {
    const c10::InferenceMode inference;
    size_t column = 0;
    for (size_t i = 0; i < input.previous_action.rows; ++i)
      Fill(column++, input.previous_action.row(i), recurrent_input_);
    Fill(column++, input.previous_reward, recurrent_input_);
    for (size_t i = 0; i < input.observation.rows; ++i) {
      Fill(column++, input.previous_observation.row(i), recurrent_input_);
      Fill(i, input.observation.row(i), main_input_);
    }
    const v1::NetworkOptions& options = spec_.options;
    at::Tensor h = recurrent_input_;
    for (size_t l = 0; l < grus_.size(); ++l) {
      const Gru& gru = grus_[l];
      h = states_[l] = at::gru_cell(h, states_[l], gru.input, gru.recurrent, gru.input_bias, gru.recurrent_bias);
    }
    size_t next = 3 * grus_.size();
    signal_ = Activate(options.signal_activation(), at::addmm(parameters_[next + 1], h, parameters_[next]));
    next += 2;
    at::Tensor y = main_input_;
    for (const nn::NetworkSpec::Slice& slice : spec_.signal_slices) {
      const at::Tensor z = signal_.narrow(1, slice.first, slice.size);
      const at::Tensor product = at::mm(y, parameters_[next]);
      // (1 + z . w_s) (y W) + b + z . w_b
      y = at::addmm(parameters_[next + 1], z, parameters_[next + 3]).add_(product);
      y.addcmul_(at::mm(z, parameters_[next + 2]), product);
      next += 4;
      if (next < parameters_.size()) y = Activate(options.main_activation(), y);
    }
    const float* raw = y.data_ptr<float>();
    for (size_t lane = 0; lane < output.columns; ++lane) {
      for (size_t o = 0; o < output.rows; ++o) {
        output(o, lane) = raw[lane * output.rows + o];
      }
    }
    if (spec_.head != nullptr) spec_.head->Finish(output);
  }

  ConstView2 signal() const noexcept override { return Copy(signal_); }
  ConstView2 state() const noexcept override { return Copy(at::cat(states_, 1)); }

 private:
  struct Gru {
    at::Tensor input, recurrent;            // [3 n, in], [3 n, n]: reset | update | candidate
    at::Tensor input_bias, recurrent_bias;  // [3 n]
  };

  // Column `column` of `rows` [lane, feature] from a row of lanes.
  static void Fill(size_t column, const float* values, at::Tensor& rows) {
    const int64_t features = rows.size(1);
    float* out = rows.data_ptr<float>() + column;
    for (int64_t lane = 0; lane < rows.size(0); ++lane) out[lane * features] = values[lane];
  }

  ConstView2 Copy(const at::Tensor& rows) const {
    copy_ = rows.t().contiguous();
    return {copy_.data_ptr<float>(), static_cast<size_t>(copy_.size(0)), static_cast<size_t>(copy_.size(1))};
  }

  nn::NetworkSpec spec_;
  std::vector<at::Tensor> parameters_;
  std::vector<Gru> grus_;
  std::vector<at::Tensor> states_;  // [lane, units]
  at::Tensor recurrent_input_, main_input_, signal_;
  mutable at::Tensor copy_;
};

}  // namespace

void PinTwins() { ppo::PinNumerics(); }

absl::StatusOr<std::unique_ptr<nn::PolicyForward>> MakeTwinForward(const nn::NetworkSpec& spec) {
  const v1::NetworkOptions& options = spec.options;
  if (options.architecture() != v1::NMN || options.formula() != v1::FORMULA_REFERENCE || options.signal_lag() ||
      options.min_log_variance() != options.max_log_variance()) {
    return absl::InvalidArgumentError("the LibTorch twin of the forward pass takes the networks of preset reference");
  }
  return std::make_unique<TwinForward>(spec);
}

}  // namespace nmn::cli::bench
