#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/nn/network_spec.h"

namespace nmn::nn {

// Appends tensors to a spec, each after the one before.
class SpecBuilder {
 public:
  explicit SpecBuilder(NetworkSpec& spec) : spec_(spec) {}

  void Matrix(const std::string& name, uint32_t in, uint32_t out) { Add(name, {in, out}, size_t{in} * out, false); }
  void Bias(const std::string& name, uint32_t out) { Add(name, {out}, out, true); }
  // One number that is learned and begins at `first`.
  void Number(const std::string& name, float first) {
    Add(name, {1}, 1, false);
    spec_.tensors.back().begins_at = first;
  }
  // What the network knows of its inputs.
  void Statistic(const std::string& name, uint32_t count, float first) {
    Add(name, {count}, count, false);
    Fix(first);
  }

  void Dense(const std::string& name, uint32_t in, uint32_t out) {
    Matrix(name + ".weight", in, out);
    Bias(name + ".bias", out);
  }
  void Modulated(const std::string& name, uint32_t in, uint32_t out, uint32_t signal) {
    const v1::Modulation modulation = spec_.options.modulation();
    Dense(name, in, out);
    if (modulation == v1::HYPERNETWORK) {
      Matrix(name + ".w_weight", signal, in * out);  // of each number of z a matrix [in, out], row by row
      Matrix(name + ".w_offset", signal, out);
      return;
    }
    Matrix(name + ".w_scale", signal, out);
    if (modulation == v1::OFFSET_ONLY || modulation == v1::NO_MODULATION) Fix(0);
    Matrix(name + ".w_offset", signal, out);
    if (modulation == v1::SCALE_ONLY || modulation == v1::NO_MODULATION) Fix(0);
  }

 private:
  void Add(const std::string& name, std::vector<int64_t> shape, size_t size, bool is_bias) {
    TensorSpec tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.offset = spec_.parameter_count;
    tensor.size = size;
    tensor.is_bias = is_bias;
    spec_.tensors.push_back(std::move(tensor));
    spec_.parameter_count += size;
  }
  // The tensor before stays at `value`.
  void Fix(float value) {
    spec_.tensors.back().begins_at = value;
    spec_.tensors.back().is_learned = false;
  }

  NetworkSpec& spec_;
};

}  // namespace nmn::nn
