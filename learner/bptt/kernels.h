#pragma once

#include <cstddef>

#include "nmn/v1/run_config.pb.h"

namespace nmn::bptt {

// Arrays here are rows of samples: [row, feature], a row being one sequence at one step. Kernels work on features in
// groups of kGroup, so they may write up to kGroup - 1 floats past the last feature of a row and read as many: rows are
// padded. Every sum runs in the order of its index, so vector width and tile shape do not reach a result.
inline constexpr size_t kGroup = 8;

inline constexpr size_t RoundUp(size_t features, size_t unit) { return (features + unit - 1) / unit * unit; }
// Stride of rows of `features`: a whole group, or whole cache lines.
inline constexpr size_t Padded(size_t features) { return features <= kGroup ? kGroup : RoundUp(features, 16); }
// Strides of rows whose parts lie packed: the last part needs room for whole groups.
inline constexpr size_t PackedGates(size_t units) { return Padded(3 * units + RoundUp(units, kGroup)); }
inline constexpr size_t PackedModulation(size_t units) { return Padded(units + RoundUp(units, kGroup)); }

// c[m, n] = init[m, n] + sum over k of a[m, k] b[k, n]. Null `init` is zero; init_stride 0 repeats one row; init == c
// accumulates. Vectors of columns that begin at init_columns or later start from zero.
struct Product {
  size_t m = 0;
  size_t n = 0;
  size_t k = 0;
  const float* a = nullptr;
  size_t a_stride = 0;
  const float* b = nullptr;
  size_t b_stride = 0;
  float* c = nullptr;
  size_t c_stride = 0;
  const float* init = nullptr;
  size_t init_stride = 0;
  size_t init_columns = static_cast<size_t>(-1);
};

// One step of one GRU layer (network_spec.h) for `rows` sequences.
struct GruForward {
  size_t rows = 0;
  size_t units = 0;            // n
  const float* pre = nullptr;  // [rows, 4 n] packed: i Wc | i Wr + h Ur + br | i Wg + h Ug + bg | h Uc
  size_t pre_stride = 0;
  const float* previous = nullptr;  // h [rows, Padded(n)]
  float* gates = nullptr;           // out [rows, 4 Padded(n)]: r | g | c | h Uc, what the backward step needs
  float* next = nullptr;            // out h' [rows, Padded(n)]
};

struct GruBackward {
  size_t rows = 0;
  size_t units = 0;
  const float* gates = nullptr;     // of GruForward
  const float* previous = nullptr;  // h
  const float* gradient = nullptr;  // of h' from above [rows, Padded(n)]
  float* carry = nullptr;  // in: of h' from the next step; out: of h through the update gate only [rows, Padded(n)]
  float* pre_gradient = nullptr;  // out [rows, 4 n] packed, of the same four
  size_t pre_stride = 0;
};

// out = f(gain * value + offset), element by element; gain | offset lie packed in `modulation` [rows, 2 n].
struct Modulation {
  v1::Activation activation = v1::IDENTITY;
  size_t rows = 0;
  size_t units = 0;
  const float* value = nullptr;
  size_t value_stride = 0;
  const float* modulation = nullptr;
  size_t modulation_stride = 0;
  float* out = nullptr;  // written by the forward kernel, read by the backward kernel; value_stride
  // Backward only.
  const float* gradient = nullptr;       // of out; value_stride
  float* value_gradient = nullptr;       // value_stride
  float* modulation_gradient = nullptr;  // packed as modulation
};

// The kernels compiled for one SIMD target.
struct Kernels {
  void (*multiply)(const Product&);             // a stored [m, k]
  void (*multiply_transposed)(const Product&);  // a stored [k, m]
  // sum[j] += sum over rows of a[row, j], in order.
  void (*add_column_sums)(size_t rows, size_t columns, const float* a, size_t stride, float* sum);
  void (*gru_forward)(const GruForward&);
  void (*gru_backward)(const GruBackward&);
  void (*modulate)(const Modulation&);
  void (*modulate_backward)(const Modulation&);
  // In place, x [rows, stride].
  void (*activate)(v1::Activation, size_t rows, size_t columns, float* x, size_t stride);
  // In place: gradient *= f'(.), from f's output.
  void (*activate_backward)(v1::Activation, size_t rows, size_t columns, const float* out, float* gradient,
                            size_t stride);
};

// For the best target of this CPU (hwy::SetSupportedTargetsForTest is respected).
const Kernels& SelectKernels();

}  // namespace nmn::bptt
