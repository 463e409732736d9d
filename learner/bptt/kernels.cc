#include "learner/bptt/kernels.h"

// SSSE3 and SSE4 add nothing to these kernels, nor do the later AVX-512 extensions.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
// foreach_target.h includes this file once a target; the order of the headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learner/bptt/kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "common/nn/activations-inl.h"
#include "learner/bptt/product-inl.h"
// clang-format on

// A body that is called for whole vectors and for the rest must be inlined at both places, or its constants are loaded
// anew.
#define NMN_INLINE_LAMBDA HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace nmn::bptt {
namespace HWY_NAMESPACE {

namespace activations = nn::HWY_NAMESPACE;

// Calls body(tag, column) over groups of columns, last group first: a packed row may then be written part after part,
// the overhang of one part's last group being overwritten by the next part's first.
template <class Body>
HWY_INLINE void ForColumnsDescending(size_t columns, Body body) {
  size_t full = columns / kLanes;
  const size_t rest = columns - full * kLanes;
  if constexpr (kHasHalf) {
    if (rest > kGroup) {  // NOLINT(bugprone-branch-clone): Full and Half are one type on narrow targets only
      body(Full(), full * kLanes);
    } else if (rest > 0) {
      body(Half(), full * kLanes);
    }
  } else {
    if (rest > 0) body(Full(), full * kLanes);
  }
  while (full-- > 0) body(Full(), full * kLanes);
}

struct SaturatedReluFunction {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Value(D d, V x) {
    return activations::SaturatedRelu(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::IfThenElseZero(hn::Lt(hn::Abs(y), hn::Set(d, 1.0f)), hn::Set(d, 1.0f));
  }
};
struct SigmoidFunction {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Value(D d, V x) {
    return activations::Sigmoid(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::NegMulAdd(y, y, y);
  }
};
struct ReluFunction {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Value(D d, V x) {
    return activations::Relu(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), hn::Set(d, 1.0f));
  }
};
struct TanhFunction {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Value(D d, V x) {
    return activations::Tanh(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::NegMulAdd(y, y, hn::Set(d, 1.0f));
  }
};
struct IdentityFunction {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Value(D d, V x) {
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::Set(d, 1.0f);
  }
};

template <class Body>
void WithFunction(v1::Activation activation, Body body) {
  switch (activation) {
    case v1::SATURATED_RELU:
      return body(SaturatedReluFunction());
    case v1::SIGMOID:
      return body(SigmoidFunction());
    case v1::RELU:
      return body(ReluFunction());
    case v1::TANH:
      return body(TanhFunction());
    default:
      return body(IdentityFunction());
  }
}

void Multiply(const Product& p) { MultiplyImpl<false>(p); }
void MultiplyTransposed(const Product& p) { MultiplyImpl<true>(p); }

void AddColumnSums(size_t rows, size_t columns, const float* a, size_t stride, float* sum) {
  ForColumnsDescending(columns, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
    auto total = hn::LoadU(d, sum + j);
    for (size_t row = 0; row < rows; ++row) total = hn::Add(total, hn::LoadU(d, a + row * stride + j));
    hn::StoreU(total, d, sum + j);
  });
}

// Asks for the row of the step that comes next: a step's rows lie one after the other, and the steps are walked in
// order. Beyond the first or last step it asks for memory that is not read.
template <bool kWrite>
HWY_INLINE void Prefetch(const float* row, size_t floats) {
  constexpr size_t kLine = 64 / sizeof(float);
  constexpr int kSecondLevel = 2;
  for (size_t i = 0; i < floats; i += kLine) __builtin_prefetch(row + i, kWrite, kSecondLevel);
}

void ForwardGru(const GruForward& s) {
  const size_t n = s.units;
  const size_t stride = Padded(n);
  for (size_t row = 0; row < s.rows; ++row) {
    const float* HWY_RESTRICT pre = s.pre + row * s.pre_stride;
    const float* HWY_RESTRICT previous = s.previous + row * stride;
    float* HWY_RESTRICT gates = s.gates + row * 4 * stride;
    float* HWY_RESTRICT next = s.next + row * stride;
    Prefetch<true>(gates + s.rows * 4 * stride, 4 * stride);
    Prefetch<true>(next + s.rows * stride, stride);
    ForColumnsDescending(n, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
      const auto reset = activations::Sigmoid(d, hn::LoadU(d, pre + n + j));
      const auto update = activations::Sigmoid(d, hn::LoadU(d, pre + 2 * n + j));
      const auto recurrent = hn::LoadU(d, pre + 3 * n + j);
      const auto candidate = activations::Tanh(d, hn::MulAdd(reset, recurrent, hn::LoadU(d, pre + j)));
      hn::StoreU(reset, d, gates + j);
      hn::StoreU(update, d, gates + stride + j);
      hn::StoreU(candidate, d, gates + 2 * stride + j);
      hn::StoreU(recurrent, d, gates + 3 * stride + j);
      hn::StoreU(hn::MulAdd(update, hn::Sub(hn::LoadU(d, previous + j), candidate), candidate), d, next + j);
    });
  }
}

void BackwardGru(const GruBackward& s) {
  const size_t n = s.units;
  const size_t stride = Padded(n);
  for (size_t row = 0; row < s.rows; ++row) {
    const float* HWY_RESTRICT gates = s.gates + row * 4 * stride;
    const float* HWY_RESTRICT previous = s.previous + row * stride;
    const float* HWY_RESTRICT gradient = s.gradient + row * stride;
    float* HWY_RESTRICT carry = s.carry + row * stride;
    float* HWY_RESTRICT pre = s.pre_gradient + row * s.pre_stride;
    Prefetch<false>(gates - s.rows * 4 * stride, 4 * stride);
    Prefetch<false>(previous - s.rows * stride, stride);
    ForColumnsDescending(n, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
      const auto one = hn::Set(d, 1.0f);
      const auto reset = hn::LoadU(d, gates + j);
      const auto update = hn::LoadU(d, gates + stride + j);
      const auto candidate = hn::LoadU(d, gates + 2 * stride + j);
      const auto recurrent = hn::LoadU(d, gates + 3 * stride + j);
      const auto total = hn::Add(hn::LoadU(d, gradient + j), hn::LoadU(d, carry + j));
      const auto through_update = hn::Mul(total, update);
      const auto d_candidate = hn::Mul(hn::Sub(total, through_update), hn::NegMulAdd(candidate, candidate, one));
      const auto d_update =
          hn::Mul(hn::Mul(through_update, hn::Sub(one, update)), hn::Sub(hn::LoadU(d, previous + j), candidate));
      const auto d_recurrent = hn::Mul(d_candidate, reset);
      const auto d_reset = hn::Mul(hn::Mul(d_recurrent, recurrent), hn::Sub(one, reset));
      hn::StoreU(through_update, d, carry + j);
      hn::StoreU(d_candidate, d, pre + j);
      hn::StoreU(d_reset, d, pre + n + j);
      hn::StoreU(d_update, d, pre + 2 * n + j);
      hn::StoreU(d_recurrent, d, pre + 3 * n + j);
    });
  }
}

void Modulate(const Modulation& s) {
  WithFunction(s.activation, [&s](auto function) NMN_INLINE_LAMBDA {
    const size_t n = s.units;
    for (size_t row = 0; row < s.rows; ++row) {
      const float* HWY_RESTRICT value = s.value + row * s.value_stride;
      const float* HWY_RESTRICT modulation = s.modulation + row * s.modulation_stride;
      float* HWY_RESTRICT out = s.out + row * s.value_stride;
      ForColumnsDescending(n, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
        const auto x =
            hn::MulAdd(hn::LoadU(d, modulation + j), hn::LoadU(d, value + j), hn::LoadU(d, modulation + n + j));
        hn::StoreU(function.Value(d, x), d, out + j);
      });
    }
  });
}

void ModulateBackward(const Modulation& s) {
  WithFunction(s.activation, [&s](auto function) NMN_INLINE_LAMBDA {
    const size_t n = s.units;
    for (size_t row = 0; row < s.rows; ++row) {
      const float* HWY_RESTRICT value = s.value + row * s.value_stride;
      const float* HWY_RESTRICT modulation = s.modulation + row * s.modulation_stride;
      const float* HWY_RESTRICT out = s.out + row * s.value_stride;
      const float* HWY_RESTRICT gradient = s.gradient + row * s.value_stride;
      float* HWY_RESTRICT value_gradient = s.value_gradient + row * s.value_stride;
      float* HWY_RESTRICT modulation_gradient = s.modulation_gradient + row * s.modulation_stride;
      ForColumnsDescending(n, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
        const auto e = hn::Mul(hn::LoadU(d, gradient + j), function.Slope(d, hn::LoadU(d, out + j)));
        hn::StoreU(hn::Mul(e, hn::LoadU(d, value + j)), d, modulation_gradient + j);
        hn::StoreU(e, d, modulation_gradient + n + j);
        hn::StoreU(hn::Mul(e, hn::LoadU(d, modulation + j)), d, value_gradient + j);
      });
    }
  });
}

void Activate(v1::Activation activation, size_t rows, size_t columns, float* x, size_t stride) {
  WithFunction(activation, [=](auto function) NMN_INLINE_LAMBDA {
    for (size_t row = 0; row < rows; ++row) {
      float* HWY_RESTRICT y = x + row * stride;
      ForColumnsDescending(columns, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
        hn::StoreU(function.Value(d, hn::LoadU(d, y + j)), d, y + j);
      });
    }
  });
}

void ActivateBackward(v1::Activation activation, size_t rows, size_t columns, const float* out, float* gradient,
                      size_t stride) {
  WithFunction(activation, [=](auto function) NMN_INLINE_LAMBDA {
    for (size_t row = 0; row < rows; ++row) {
      const float* HWY_RESTRICT y = out + row * stride;
      float* HWY_RESTRICT g = gradient + row * stride;
      ForColumnsDescending(columns, [=](auto d, size_t j) NMN_INLINE_LAMBDA {
        hn::StoreU(hn::Mul(hn::LoadU(d, g + j), function.Slope(d, hn::LoadU(d, y + j))), d, g + j);
      });
    }
  });
}

const Kernels* TargetKernels() {
  static constexpr Kernels kKernels = {&Multiply, &MultiplyTransposed, &AddColumnSums, &ForwardGru,      &BackwardGru,
                                       &Modulate, &ModulateBackward,   &Activate,      &ActivateBackward};
  return &kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::bptt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::bptt {

HWY_EXPORT(TargetKernels);

const Kernels& SelectKernels() { return *HWY_DYNAMIC_DISPATCH(TargetKernels)(); }

}  // namespace nmn::bptt
#endif  // HWY_ONCE
