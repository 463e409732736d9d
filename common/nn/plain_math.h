#pragma once

#include <algorithm>
#include <cstddef>

#include "common/tensor/view.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::nn {

// The fits of activations-inl.h, one number at a time and without fused multiply-add: the same bits on every CPU.
// |Tanh(x) - tanh x| <= 6e-7.
inline float Tanh(float x) {
  const float c = std::min(7.8f, std::max(-7.8f, x));
  const float u = c * c;
  float p = -6.26293500427e-9f * u + 7.21863599242e-6f;
  p = p * u + 0.00270257205532f;
  p = p * u + 0.127176241484f;
  p = p * u + 0.999999244729f;
  float q = 0.000197615554113f * u + 0.0228745389958f;
  q = q * u + 0.460506777813f;
  q = q * u + 1.0f;
  return x != x ? x : c * p / q;
}
inline float Sigmoid(float x) { return 0.5f * Tanh(0.5f * x) + 0.5f; }

inline float Activate(v1::Activation activation, float x) {
  switch (activation) {
    case v1::SATURATED_RELU:
      return x > 1 ? 1 : x < -1 ? -1 : x;
    case v1::SIGMOID:
      return Sigmoid(x);
    case v1::RELU:
      return x < 0 ? 0 : x;
    case v1::TANH:
      return Tanh(x);
    default:
      return x;
  }
}

// out [rows, lane] = of each row the number in `values`.
inline void FillRows(const float* values, View2 out) {
  for (size_t r = 0; r < out.rows; ++r) std::fill_n(out.row(r), out.columns, values[r]);
}

// out [n, lane] += w^T x, for columns [first, first + n) of w [x.rows, stride], in the order of the inputs.
inline void AddProduct(const float* w, size_t stride, size_t first, ConstView2 x, View2 out) {
  for (size_t i = 0; i < x.rows; ++i) {
    const float* in = x.row(i);
    for (size_t r = 0; r < out.rows; ++r) {
      const float weight = w[i * stride + first + r];
      float* sum = out.row(r);
      for (size_t lane = 0; lane < out.columns; ++lane) sum[lane] += weight * in[lane];
    }
  }
}

}  // namespace nmn::nn
