#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/nn/network_spec.h"

namespace nmn::nn {

// One episode of a network in float64, one number at a time, written from docs/specification.md section 2. Slow,
// obvious, and independent of the kernels: it shares only the names and shapes of the tensors.
class ReferenceForward {
 public:
  ReferenceForward(const NetworkSpec& spec, std::span<const float> parameters);

  // The head's outputs, log-variances of a box shifted and bounded.
  std::vector<double> Step(const std::vector<double>& x, const std::vector<double>& previous_action,
                           double previous_reward, const std::vector<double>& previous_x);

  const std::vector<double>& signal() const { return signal_; }
  std::vector<double> state() const;

 private:
  const float* Tensor(const std::string& name) const;
  std::vector<double> Product(const std::vector<double>& y, const std::string& name) const;
  std::vector<double> Gru(const std::string& name, const std::vector<double>& i, const std::vector<double>& h) const;
  std::vector<double> Lstm(const std::string& name, const std::vector<double>& i,
                           const std::vector<double>& before) const;
  std::vector<double> Plastic(const std::string& name, const std::vector<double>& i,
                              const std::vector<double>& before) const;
  std::vector<double> Modulated(const std::string& name, const std::vector<double>& y, const std::vector<double>& z,
                                v1::Activation activation) const;

  const NetworkSpec spec_;
  const std::vector<float> parameters_;
  std::vector<std::vector<double>> states_;  // of each layer: h, then what else its cell remembers
  std::vector<double> signal_, lagged_signal_;
};

}  // namespace nmn::nn
