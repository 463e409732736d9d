#include <cstddef>

#include "common/nn/forward_plan.h"
#include "common/nn/policy_forward.h"

// foreach_target.h includes this file once a target; the order of the headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/nn/forward_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "common/nn/activations-inl.h"
// clang-format on

// Accumulator tiles live in registers only if the loops over them are unrolled. Under GCC's sanitizers, whose checks
// multiply with the loops, compiling them unrolled takes minutes and gigabytes, so there they stay loops.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NMN_UNROLL
#elif defined(__clang__)
#define NMN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NMN_UNROLL _Pragma("GCC unroll 8")
#endif

HWY_BEFORE_NAMESPACE();
namespace nmn::nn {
namespace HWY_NAMESPACE {

using Lanes = hn::CappedTag<float, kLaneMultiple>;
using Vec = hn::Vec<Lanes>;
constexpr size_t kWidth = hn::MaxLanes(Lanes());

// Vectors of lanes in a tile: 24 accumulators of a GRU tile fit the 32 registers of AVX-512, 12 the 16 of the others.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr size_t kVectors = 4;
#else
constexpr size_t kVectors = 2;
#endif

HWY_INLINE Vec Activate(v1::Activation activation, Vec x) {
  const Lanes d;
  switch (activation) {
    case v1::SATURATED_RELU:
      return SaturatedRelu(d, x);
    case v1::SIGMOID:
      return Sigmoid(d, x);
    case v1::RELU:
      return Relu(d, x);
    case v1::TANH:
      return Tanh(d, x);
    default:
      return x;
  }
}

// R rows of C vectors.
template <size_t R, size_t C>
struct Tile {
  Vec at[R][C];

  HWY_INLINE void Fill(float value) {
    NMN_UNROLL
    for (size_t r = 0; r < R; ++r) {
      NMN_UNROLL
      for (size_t c = 0; c < C; ++c) at[r][c] = hn::Set(Lanes(), value);
    }
  }

  HWY_INLINE void FillRows(const float* values) {
    NMN_UNROLL
    for (size_t r = 0; r < R; ++r) {
      NMN_UNROLL
      for (size_t c = 0; c < C; ++c) at[r][c] = hn::Set(Lanes(), values[r]);
    }
  }

  // Adds a product: x [inputs, kBlockLanes], weights [inputs][R], in the order of the inputs.
  HWY_INLINE void Accumulate(const float* HWY_RESTRICT weights, size_t inputs, const float* HWY_RESTRICT x) {
    for (size_t i = 0; i < inputs; ++i, weights += R, x += kBlockLanes) {
      Vec in[C];
      NMN_UNROLL
      for (size_t c = 0; c < C; ++c) in[c] = hn::Load(Lanes(), x + c * kWidth);
      NMN_UNROLL
      for (size_t r = 0; r < R; ++r) {
        const Vec w = hn::Set(Lanes(), weights[r]);
        NMN_UNROLL
        for (size_t c = 0; c < C; ++c) at[r][c] = hn::MulAdd(w, in[c], at[r][c]);
      }
    }
  }
};

// U units of a GRU, with its equations as network_spec.h states them. The three gates of a unit share the loads of h.
template <size_t U, size_t C>
HWY_INLINE void GruTile(const GruLayer& gru, const float* HWY_RESTRICT w, const float* HWY_RESTRICT input,
                        const float* HWY_RESTRICT state, const float* HWY_RESTRICT own_state,
                        float* HWY_RESTRICT next) {
  const Lanes d;
  Tile<3 * U, C> gates;  // r, g, then h Uc
  NMN_UNROLL
  for (size_t r = 0; r < 3 * U; ++r) {
    NMN_UNROLL
    for (size_t c = 0; c < C; ++c) gates.at[r][c] = r < 2 * U ? hn::Set(d, w[r]) : hn::Zero(d);
  }
  w += 2 * U;
  gates.Accumulate(w, gru.units, state);
  w += 3 * U * gru.units;

  const float* x = input;
  for (size_t i = 0; i < gru.inputs; ++i, w += 2 * U, x += kBlockLanes) {
    NMN_UNROLL
    for (size_t r = 0; r < 2 * U; ++r) {
      const Vec weight = hn::Set(d, w[r]);
      NMN_UNROLL
      for (size_t c = 0; c < C; ++c) gates.at[r][c] = hn::MulAdd(weight, hn::Load(d, x + c * kWidth), gates.at[r][c]);
    }
  }
  Tile<U, C> candidate;
  NMN_UNROLL
  for (size_t u = 0; u < U; ++u) {
    NMN_UNROLL
    for (size_t c = 0; c < C; ++c) candidate.at[u][c] = hn::Mul(Sigmoid(d, gates.at[u][c]), gates.at[2 * U + u][c]);
  }
  candidate.Accumulate(w, gru.inputs, input);
  NMN_UNROLL
  for (size_t u = 0; u < U; ++u) {
    NMN_UNROLL
    for (size_t c = 0; c < C; ++c) {
      const Vec g = Sigmoid(d, gates.at[U + u][c]);
      const Vec tanh = Tanh(d, candidate.at[u][c]);
      const Vec h = hn::Load(d, own_state + u * kBlockLanes + c * kWidth);
      // (1 - g) c + g h
      hn::Store(hn::MulAdd(g, hn::Sub(h, tanh), tanh), d, next + u * kBlockLanes + c * kWidth);
    }
  }
}

template <size_t R, size_t C>
HWY_INLINE void DenseTile(const DenseLayer& layer, const float* HWY_RESTRICT w, const float* HWY_RESTRICT input,
                          float* HWY_RESTRICT output) {
  Tile<R, C> v;
  v.FillRows(w);
  v.Accumulate(w + R, layer.inputs, input);
  NMN_UNROLL
  for (size_t r = 0; r < R; ++r) {
    NMN_UNROLL
    for (size_t c = 0; c < C; ++c) {
      hn::Store(Activate(layer.activation, v.at[r][c]), Lanes(), output + r * kBlockLanes + c * kWidth);
    }
  }
}

template <size_t R, size_t C>
HWY_INLINE void ModulatedTile(const ModulatedLayer& layer, const float* HWY_RESTRICT w, const float* HWY_RESTRICT input,
                              const float* HWY_RESTRICT signal, float* HWY_RESTRICT output) {
  const Lanes d;
  const bool paper = layer.formula == v1::FORMULA_PAPER;
  const float* bias = w;
  w += R;
  Tile<R, C> product, scale, offset;
  product.Fill(0.0f);
  if (paper) product.FillRows(bias);
  product.Accumulate(w, layer.inputs, input);
  w += R * layer.inputs;
  scale.Fill(paper ? 0.0f : 1.0f);
  scale.Accumulate(w, layer.signal_size, signal);
  w += R * layer.signal_size;
  offset.Fill(0.0f);
  if (!paper) offset.FillRows(bias);
  offset.Accumulate(w, layer.signal_size, signal);
  NMN_UNROLL
  for (size_t r = 0; r < R; ++r) {
    NMN_UNROLL
    for (size_t c = 0; c < C; ++c) {
      const Vec v = hn::MulAdd(scale.at[r][c], product.at[r][c], offset.at[r][c]);
      hn::Store(Activate(layer.activation, v), d, output + r * kBlockLanes + c * kWidth);
    }
  }
}

// Calls kernel.template operator()<C>(first lane) for groups of vectors that cover `lanes`.
template <class Kernel>
HWY_INLINE void ForLaneGroups(size_t lanes, const Kernel& kernel) {
  size_t lane = 0;
  for (; lane + kVectors * kWidth <= lanes; lane += kVectors * kWidth) kernel.template Run<kVectors>(lane);
  if (kVectors > 2 && lane + 2 * kWidth <= lanes) {
    kernel.template Run<2>(lane);
    lane += 2 * kWidth;
  }
  if (lane < lanes) kernel.template Run<1>(lane);
}

template <size_t U>
struct GruKernel {
  const GruLayer& gru;
  const float* weights;
  const float* input;
  const float* state;
  float* next;
  size_t unit;

  template <size_t C>
  HWY_INLINE void Run(size_t lane) const {
    GruTile<U, C>(gru, weights, input + lane, state + lane, state + unit * kBlockLanes + lane,
                  next + unit * kBlockLanes + lane);
  }
};

template <size_t R>
struct DenseKernel {
  const DenseLayer& layer;
  const float* weights;
  const float* input;
  float* output;

  template <size_t C>
  HWY_INLINE void Run(size_t lane) const {
    DenseTile<R, C>(layer, weights, input + lane, output + lane);
  }
};

template <size_t R>
struct ModulatedKernel {
  const ModulatedLayer& layer;
  const float* weights;
  const float* input;
  const float* signal;
  float* output;

  template <size_t C>
  HWY_INLINE void Run(size_t lane) const {
    ModulatedTile<R, C>(layer, weights, input + lane, signal + lane, output + lane);
  }
};

HWY_NOINLINE void StepGru(const GruLayer& gru, const float* weights, float* slab, size_t lanes, int parity) {
  const float* input = slab + gru.input.row[parity] * kBlockLanes;
  const float* state = slab + gru.state.row[1 - parity] * kBlockLanes;
  float* next = slab + gru.state.row[parity] * kBlockLanes;
  const size_t per_unit = 2 + 3 * (gru.units + gru.inputs);
  size_t unit = 0;
  for (; unit + kUnitTile <= gru.units; unit += kUnitTile) {
    ForLaneGroups(lanes, GruKernel<kUnitTile>{gru, weights + unit * per_unit, input, state, next, unit});
  }
  if (unit < gru.units) ForLaneGroups(lanes, GruKernel<1>{gru, weights + unit * per_unit, input, state, next, unit});
}

HWY_NOINLINE void StepDense(const DenseLayer& layer, const float* weights, float* slab, size_t lanes, int parity) {
  const float* input = slab + layer.input.row[parity] * kBlockLanes;
  float* output = slab + layer.output.row[parity] * kBlockLanes;
  for (size_t row = 0; row < layer.outputs;) {
    const size_t tile = NextTile(layer.outputs - row, kRowTile);
    if (tile == kRowTile) {
      ForLaneGroups(lanes, DenseKernel<kRowTile>{layer, weights, input, output});
    } else if (tile == 2) {
      ForLaneGroups(lanes, DenseKernel<2>{layer, weights, input, output});
    } else {
      ForLaneGroups(lanes, DenseKernel<1>{layer, weights, input, output});
    }
    row += tile;
    weights += tile * (1 + layer.inputs);
    output += tile * kBlockLanes;
  }
}

HWY_NOINLINE void StepModulated(const ModulatedLayer& layer, const float* weights, float* slab, size_t lanes,
                                int parity) {
  const float* input = slab + layer.input.row[parity] * kBlockLanes;
  const float* signal = slab + layer.signal.row[parity] * kBlockLanes;
  float* output = slab + layer.output.row[parity] * kBlockLanes;
  for (size_t row = 0; row < layer.outputs;) {
    const size_t tile = NextTile(layer.outputs - row, kRowTile);
    if (tile == kRowTile) {
      ForLaneGroups(lanes, ModulatedKernel<kRowTile>{layer, weights, input, signal, output});
    } else if (tile == 2) {
      ForLaneGroups(lanes, ModulatedKernel<2>{layer, weights, input, signal, output});
    } else {
      ForLaneGroups(lanes, ModulatedKernel<1>{layer, weights, input, signal, output});
    }
    row += tile;
    weights += tile * (1 + layer.inputs + 2 * layer.signal_size);
    output += tile * kBlockLanes;
  }
}

void StepBlockOnTarget(const ForwardPlan& plan, float* slab, size_t lanes, int parity) {
  const float* weights = plan.weights.get();
  for (const GruLayer& gru : plan.recurrent) StepGru(gru, weights + gru.weights, slab, lanes, parity);
  for (const DenseLayer& layer : plan.dense) StepDense(layer, weights + layer.weights, slab, lanes, parity);
  for (const ModulatedLayer& layer : plan.modulated) StepModulated(layer, weights + layer.weights, slab, lanes, parity);
}

const char* TargetNameHere() { return hwy::TargetName(HWY_TARGET); }

// Targets without fused multiply-add round each product and each sum.
const char* RoundingClassHere() {
#if HWY_TARGET <= HWY_AVX2  // better targets have lower numbers
  return "fma";
#else
  return "sse2";
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::nn {

HWY_EXPORT(StepBlockOnTarget);
HWY_EXPORT(TargetNameHere);
HWY_EXPORT(RoundingClassHere);

void StepBlock(const ForwardPlan& plan, float* slab, size_t lanes, int parity) {
  HWY_DYNAMIC_DISPATCH(StepBlockOnTarget)(plan, slab, lanes, parity);
}

const char* SimdTarget() { return HWY_DYNAMIC_DISPATCH(TargetNameHere)(); }
const char* RoundingClass() { return HWY_DYNAMIC_DISPATCH(RoundingClassHere)(); }

}  // namespace nmn::nn
#endif  // HWY_ONCE
