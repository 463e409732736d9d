#include "learner/ppo/twin_network.h"

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "common/nn/recurrent_cell.h"
#include "learner/ppo/twin_cell.h"

namespace nmn::ppo {
namespace {

at::Tensor Activate(v1::Activation activation, const at::Tensor& x) {
  switch (activation) {
    case v1::SATURATED_RELU:
      return x.clamp(-1.0, 1.0);
    case v1::SIGMOID:
      return at::sigmoid(x);
    case v1::RELU:
      return at::relu(x);
    case v1::TANH:
      return at::tanh(x);
    default:
      return x;
  }
}

// The parameters of one forward pass: hands out tensors in the order of the specification. `pieces` are
// one-dimensional.
class ParameterReader {
 public:
  ParameterReader(const nn::NetworkSpec& spec, std::vector<at::Tensor> pieces)
      : spec_(spec), pieces_(std::move(pieces)) {}

  at::Tensor Next() {
    const size_t i = next_++;
    return pieces_[i].view(spec_.tensors[i].shape);
  }
  std::vector<at::Tensor> Next(size_t count) {
    std::vector<at::Tensor> tensors;
    while (tensors.size() < count) tensors.push_back(Next());
    return tensors;
  }

 private:
  const nn::NetworkSpec& spec_;
  std::vector<at::Tensor> pieces_;
  size_t next_ = 0;
};

// Modulated layer before its activation. y [time, sequence, in], z [time, sequence, s] -> [time, sequence, m].
at::Tensor Modulate(const v1::NetworkOptions& options, ParameterReader& parameters, const at::Tensor& y,
                    const at::Tensor& z) {
  const at::Tensor weight = parameters.Next();
  const at::Tensor bias = parameters.Next();
  if (options.modulation() == v1::HYPERNETWORK) {
    const at::Tensor own = at::matmul(z, parameters.Next()).view({y.size(0), y.size(1), y.size(2), bias.size(0)});
    const at::Tensor product = at::matmul(y.unsqueeze(2), weight + own).squeeze(2);
    return product + bias + at::matmul(z, parameters.Next());
  }
  const at::Tensor scale = at::matmul(z, parameters.Next());
  const at::Tensor offset = at::matmul(z, parameters.Next());
  const at::Tensor product = at::matmul(y, weight);
  if (options.formula() == v1::FORMULA_PAPER) return scale * (product + bias) + offset;
  return (1.0 + scale) * product + bias + offset;
}

at::Tensor Dense(ParameterReader& parameters, const at::Tensor& y) {
  const at::Tensor weight = parameters.Next();
  return at::matmul(y, weight) + parameters.Next();
}

// [time, feature, sequence] <-> [time, sequence, feature]
at::Tensor SwapLast(const at::Tensor& x) { return x.transpose(1, 2).contiguous(); }

}  // namespace

CarriedState ZeroStateOf(const nn::NetworkSpec& spec, const at::Tensor& parameters, int64_t sequences) {
  CarriedState zero;
  zero.state = at::zeros({spec.state_size, sequences}, parameters.options());
  if (spec.options.architecture() == v1::NMN && spec.options.signal_lag()) {
    zero.signal = at::zeros({spec.options.signal_size(), sequences}, parameters.options());
  }
  return zero;
}

TwinNetwork::TwinNetwork(nn::NetworkSpec spec) : spec_(std::move(spec)) {
  for (const nn::TensorSpec& tensor : spec_.tensors) sizes_.push_back(static_cast<int64_t>(tensor.size));
}

CarriedState TwinNetwork::ZeroState(const at::Tensor& parameters, int64_t sequences) const {
  return ZeroStateOf(spec_, parameters, sequences);
}

SequenceOutput TwinNetwork::Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) {
  const v1::NetworkOptions& options = spec_.options;
  ParameterReader reader(spec_, parameters.split_with_sizes(sizes_));

  at::Tensor h = SwapLast(input.recurrent_input);
  std::vector<at::Tensor> ends;
  int64_t first = 0;
  for (const int64_t units : options.recurrent_sizes()) {
    const auto size = static_cast<int64_t>(spec_.cell->StateSize(static_cast<size_t>(units)));
    const std::vector<at::Tensor> tensors = reader.Next(spec_.cell->tensor_count());
    auto [output, end] =
        RunCell(options.cell(), tensors, units, h, start.state.narrow(0, first, size).t().contiguous());
    h = output;
    ends.push_back(end.detach().t());
    first += size;
  }
  SequenceOutput result;
  result.end.state = at::cat(ends, 0);

  if (options.architecture() == v1::RNN) {
    for (int l = 0; l < options.hidden_sizes_size(); ++l) h = Activate(options.main_activation(), Dense(reader, h));
    result.output = SwapLast(Dense(reader, h));
    return result;
  }

  const at::Tensor signal = Activate(options.signal_activation(), Dense(reader, h));
  at::Tensor hidden_signal = signal;
  if (options.signal_lag()) {
    const int64_t steps = signal.size(0);
    hidden_signal = at::cat({start.signal.t().unsqueeze(0), signal.narrow(0, 0, steps - 1)}, 0);
    result.end.signal = signal.select(0, steps - 1).detach().t().contiguous();
  }
  at::Tensor y = SwapLast(input.main_input);
  for (int l = 0; l < options.hidden_sizes_size(); ++l) {
    const at::Tensor z = hidden_signal.narrow(2, spec_.signal_slices[l].first, spec_.signal_slices[l].size);
    y = Activate(options.main_activation(), Modulate(options, reader, y, z));
  }
  const nn::NetworkSpec::Slice& last = spec_.signal_slices.back();
  result.output = SwapLast(Modulate(options, reader, y, signal.narrow(2, last.first, last.size)));
  return result;
}

}  // namespace nmn::ppo
