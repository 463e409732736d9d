#include "tests/unit/common/nn/reference_forward.h"

#include <algorithm>
#include <cmath>

namespace nmn::nn {
namespace {

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double Activate(v1::Activation activation, double x) {
  switch (activation) {
    case v1::SATURATED_RELU:
      return std::clamp(x, -1.0, 1.0);
    case v1::SIGMOID:
      return Sigmoid(x);
    case v1::RELU:
      return std::max(x, 0.0);
    case v1::TANH:
      return std::tanh(x);
    default:
      return x;
  }
}

}  // namespace

ReferenceForward::ReferenceForward(const NetworkSpec& spec, std::span<const float> parameters)
    : spec_(spec), parameters_(parameters.begin(), parameters.end()), signal_(spec.options.signal_size()) {
  for (uint32_t n : spec.options.recurrent_sizes()) {
    const v1::Cell cell = spec.options.cell();
    states_.emplace_back(cell == v1::GRU ? n : cell == v1::LSTM ? 2 * n : n + n * n, 0.0);
  }
}

const float* ReferenceForward::Tensor(const std::string& name) const {
  return parameters_.data() + spec_.tensor(name).offset;
}

std::vector<double> ReferenceForward::Product(const std::vector<double>& y, const std::string& name) const {
  const float* weight = Tensor(name);
  std::vector<double> v(spec_.tensor(name).shape[1], 0.0);
  for (size_t i = 0; i < y.size(); ++i) {
    for (size_t j = 0; j < v.size(); ++j) v[j] += y[i] * weight[i * v.size() + j];
  }
  return v;
}

std::vector<double> ReferenceForward::Gru(const std::string& name, const std::vector<double>& i,
                                          const std::vector<double>& h) const {
  const size_t n = h.size();
  const std::vector<double> input = Product(i, name + ".w_input");
  const std::vector<double> recurrent = Product(h, name + ".w_recurrent");
  const float* bias = Tensor(name + ".bias");
  std::vector<double> next(n);
  for (size_t j = 0; j < n; ++j) {
    const double r = Sigmoid(input[j] + recurrent[j] + bias[j]);
    const double g = Sigmoid(input[n + j] + recurrent[n + j] + bias[n + j]);
    const double c = std::tanh(input[2 * n + j] + r * recurrent[2 * n + j]);
    next[j] = (1 - g) * c + g * h[j];
  }
  return next;
}

std::vector<double> ReferenceForward::Lstm(const std::string& name, const std::vector<double>& i,
                                           const std::vector<double>& before) const {
  const size_t n = before.size() / 2;
  const std::vector<double> h(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(n));
  const std::vector<double> input = Product(i, name + ".w_input");
  const std::vector<double> recurrent = Product(h, name + ".w_recurrent");
  const float* bias = Tensor(name + ".bias");
  std::vector<double> next(2 * n);
  for (size_t j = 0; j < n; ++j) {
    const auto sum = [&](size_t gate) { return input[gate * n + j] + recurrent[gate * n + j] + bias[gate * n + j]; };
    const double c = Sigmoid(sum(1) + 1) * before[n + j] + Sigmoid(sum(0)) * std::tanh(sum(2));
    next[n + j] = c;
    next[j] = Sigmoid(sum(3)) * std::tanh(c);
  }
  return next;
}

std::vector<double> ReferenceForward::Plastic(const std::string& name, const std::vector<double>& i,
                                              const std::vector<double>& before) const {
  const size_t n = spec_.tensor(name + ".bias").size;
  const float *bias = Tensor(name + ".bias"), *fixed = Tensor(name + ".w_recurrent"),
              *plasticity = Tensor(name + ".plasticity");
  std::vector<double> next = before;
  const std::vector<double> input = Product(i, name + ".w_input");
  for (size_t to = 0; to < n; ++to) {
    double sum = input[to] + bias[to];
    for (size_t from = 0; from < n; ++from) {
      const size_t at = from * n + to;
      sum += before[from] * (fixed[at] + plasticity[at] * before[n + at]);
    }
    next[to] = std::tanh(sum);
  }
  const bool modulated = spec_.options.cell() == v1::MODULATED_PLASTIC;
  double rate = modulated ? Tensor(name + ".rate_bias")[0] : Tensor(name + ".rate")[0];
  for (size_t j = 0; modulated && j < n; ++j) rate += next[j] * Tensor(name + ".w_rate")[j];
  for (size_t from = 0; from < n; ++from) {
    for (size_t to = 0; to < n; ++to) {
      const double trace = before[n + from * n + to], product = before[from] * next[to];
      next[n + from * n + to] =
          modulated ? std::clamp(trace + std::tanh(rate) * product, -1.0, 1.0) : (1 - rate) * trace + rate * product;
    }
  }
  return next;
}

std::vector<double> ReferenceForward::Modulated(const std::string& name, const std::vector<double>& y,
                                                const std::vector<double>& z, v1::Activation activation) const {
  std::vector<double> out = Product(y, name + ".weight");
  const bool hyper = spec_.options.modulation() == v1::HYPERNETWORK;
  for (size_t k = 0; hyper && k < z.size(); ++k) {
    for (size_t i = 0; i < y.size(); ++i) {
      for (size_t j = 0; j < out.size(); ++j)
        out[j] += y[i] * z[k] * Tensor(name + ".w_weight")[(k * y.size() + i) * out.size() + j];
    }
  }
  const std::vector<double> scale = hyper ? std::vector<double>(out.size()) : Product(z, name + ".w_scale");
  const std::vector<double> offset = Product(z, name + ".w_offset");
  const float* bias = Tensor(name + ".bias");
  for (size_t j = 0; j < out.size(); ++j) {
    const double b = bias[j];
    out[j] =
        Activate(activation, spec_.options.formula() == v1::FORMULA_PAPER ? scale[j] * (out[j] + b) + offset[j]
                                                                          : (1 + scale[j]) * out[j] + b + offset[j]);
  }
  return out;
}

std::vector<double> ReferenceForward::Step(const std::vector<double>& x, const std::vector<double>& previous_action,
                                           double previous_reward, const std::vector<double>& previous_x) {
  const v1::NetworkOptions& options = spec_.options;
  const bool rnn = options.architecture() == v1::RNN;
  std::vector<double> y;
  if (rnn) y = x;
  y.insert(y.end(), previous_action.begin(), previous_action.end());
  y.push_back(previous_reward);
  if (!rnn || options.previous_observation()) y.insert(y.end(), previous_x.begin(), previous_x.end());
  for (size_t layer = 0; layer < states_.size(); ++layer) {
    const std::string number = std::to_string(layer);
    std::vector<double>& state = states_[layer];
    if (options.cell() == v1::GRU) {
      state = Gru("gru" + number, y, state);
    } else if (options.cell() == v1::LSTM) {
      state = Lstm("lstm" + number, y, state);
    } else {
      state = Plastic("plastic" + number, y, state);
    }
    y.assign(state.begin(), state.begin() + options.recurrent_sizes(static_cast<int>(layer)));
  }
  const auto dense = [&](const std::string& name, v1::Activation activation) {
    y = Product(y, name + ".weight");
    const float* bias = Tensor(name + ".bias");
    for (size_t j = 0; j < y.size(); ++j) y[j] = Activate(activation, y[j] + bias[j]);
  };
  const size_t hidden = options.hidden_sizes_size();
  if (rnn) {
    for (size_t layer = 0; layer < hidden; ++layer) dense("dense" + std::to_string(layer), options.main_activation());
    dense("head", v1::IDENTITY);
  } else {
    dense("signal", options.signal_activation());
    lagged_signal_ = signal_;
    signal_ = y;
    // Shared: all of z. Per layer: equal slices in the order of the layers, the last for the heads.
    const auto slice = [&](const std::vector<double>& z, size_t layer) {
      if (options.signal_wiring() == v1::SHARED) return z;
      const size_t size = z.size() / (hidden + 1);
      return std::vector<double>(z.begin() + layer * size, z.begin() + (layer + 1) * size);
    };
    y = x;
    for (size_t layer = 0; layer < hidden; ++layer) {
      y = Modulated("main" + std::to_string(layer), y, slice(options.signal_lag() ? lagged_signal_ : signal_, layer),
                    options.main_activation());
    }
    y = Modulated("head", y, slice(signal_, hidden), v1::IDENTITY);
  }
  const int numbers = spec_.role == Role::kActor ? spec_.action.box().low_size() : 0;
  for (int i = 0; i < numbers; ++i) {
    y[i] -= 1;
    if (options.min_log_variance() != 0 || options.max_log_variance() != 0) {
      y[i] = std::clamp(y[i], options.min_log_variance(), options.max_log_variance());
    }
  }
  return y;
}

std::vector<double> ReferenceForward::state() const {
  std::vector<double> all;
  for (const auto& state : states_) all.insert(all.end(), state.begin(), state.end());
  return all;
}

}  // namespace nmn::nn
