#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/nn/network_spec.h"

namespace nmn::bptt {

// The networks of docs/specification.md section 2, one sequence, one scalar at a time, in double: what the fast code is
// compared with.
class Reference {
 public:
  using Vector = std::vector<double>;

  Reference(const nn::NetworkSpec& spec, Vector parameters) : spec_(spec), parameters_(std::move(parameters)) {}

  Vector& parameters() { return parameters_; }

  struct State {
    std::vector<Vector> h;  // one a GRU
    Vector z;               // of the step before
  };

  State ZeroState() const {
    State state;
    for (uint32_t units : spec_.options.recurrent_sizes()) state.h.emplace_back(units, 0.0);
    state.z.assign(spec_.options.signal_size(), 0.0);
    return state;
  }

  // One step; updates `state`.
  Vector Step(const Vector& recurrent_input, const Vector& main_input, State& state) const {
    Vector in = recurrent_input;
    for (size_t l = 0; l < state.h.size(); ++l) in = state.h[l] = Gru(static_cast<int>(l), in, state.h[l]);
    const v1::NetworkOptions& options = spec_.options;
    if (options.architecture() == v1::RNN) {
      for (int l = 0; l < options.hidden_sizes_size(); ++l) {
        in = Apply(options.main_activation(), Dense("dense" + std::to_string(l), in));
      }
      return Dense("head", in);
    }
    const Vector z = Apply(options.signal_activation(), Dense("signal", in));
    Vector y = main_input;
    for (int l = 0; l < options.hidden_sizes_size(); ++l) {
      const Vector& signal = options.signal_lag() ? state.z : z;
      y = Apply(options.main_activation(), Modulated("main" + std::to_string(l), y, signal, l));
    }
    const Vector out = Modulated("head", y, z, options.hidden_sizes_size());
    state.z = z;
    return out;
  }

 private:
  double At(const nn::TensorSpec& tensor, size_t row, size_t column) const {
    return parameters_[tensor.offset + row * tensor.shape.back() + column];
  }
  // x W, columns [first, first + count)
  Vector Product(const Vector& x, const nn::TensorSpec& w, size_t first, size_t count) const {
    Vector out(count, 0.0);
    for (size_t j = 0; j < count; ++j) {
      for (size_t i = 0; i < x.size(); ++i) out[j] += x[i] * At(w, i, first + j);
    }
    return out;
  }
  static double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

  Vector Gru(int layer, const Vector& in, const Vector& h) const {
    const std::string name = "gru" + std::to_string(layer);
    const size_t n = h.size();
    const Vector i = Product(in, spec_.tensor(name + ".w_input"), 0, 3 * n);
    const Vector u = Product(h, spec_.tensor(name + ".w_recurrent"), 0, 3 * n);
    const nn::TensorSpec& bias = spec_.tensor(name + ".bias");
    Vector next(n);
    for (size_t j = 0; j < n; ++j) {
      const double r = Sigmoid(i[j] + u[j] + At(bias, 0, j));
      const double g = Sigmoid(i[n + j] + u[n + j] + At(bias, 0, n + j));
      const double c = std::tanh(i[2 * n + j] + r * u[2 * n + j]);
      next[j] = (1 - g) * c + g * h[j];
    }
    return next;
  }
  Vector Dense(const std::string& name, const Vector& x) const {
    const nn::TensorSpec& bias = spec_.tensor(name + ".bias");
    Vector out = Product(x, spec_.tensor(name + ".weight"), 0, bias.size);
    for (size_t j = 0; j < out.size(); ++j) out[j] += At(bias, 0, j);
    return out;
  }
  Vector Modulated(const std::string& name, const Vector& y, const Vector& z, int index) const {
    const nn::NetworkSpec::Slice& slice = spec_.signal_slices[index];
    const Vector part(z.begin() + slice.first, z.begin() + slice.first + slice.size);
    const nn::TensorSpec& bias = spec_.tensor(name + ".bias");
    Vector out = Product(y, spec_.tensor(name + ".weight"), 0, bias.size);
    const Vector scale = Product(part, spec_.tensor(name + ".w_scale"), 0, bias.size);
    const Vector offset = Product(part, spec_.tensor(name + ".w_offset"), 0, bias.size);
    for (size_t j = 0; j < out.size(); ++j) {
      const double b = At(bias, 0, j);
      out[j] = spec_.options.formula() == v1::FORMULA_PAPER ? scale[j] * (out[j] + b) + offset[j]
                                                            : (1 + scale[j]) * out[j] + b + offset[j];
    }
    return out;
  }
  static Vector Apply(v1::Activation activation, Vector x) {
    for (double& v : x) {
      switch (activation) {
        case v1::SATURATED_RELU:
          v = std::clamp(v, -1.0, 1.0);
          break;
        case v1::SIGMOID:
          v = Sigmoid(v);
          break;
        case v1::RELU:
          v = std::max(v, 0.0);
          break;
        case v1::TANH:
          v = std::tanh(v);
          break;
        default:
          break;
      }
    }
    return x;
  }

  const nn::NetworkSpec& spec_;
  Vector parameters_;
};

}  // namespace nmn::bptt
