// Activations and the exponential for Highway translation units. Included once a target, after hwy/highway.h:
//   #include "hwy/foreach_target.h"
//   #include "hwy/highway.h"
//   #include "common/nn/activations-inl.h"
//
// Bounds hold for every float32 argument, infinities included, against the exact function
// (tests/unit/common/nn/activations_test.cc sweeps them). NaN in gives NaN out: a broken parameter must show in the
// result. Targets with fused multiply-add agree bit for bit.
#if defined(NMN_COMMON_NN_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NMN_COMMON_NN_ACTIVATIONS_INL_H_
#undef NMN_COMMON_NN_ACTIVATIONS_INL_H_
#else
#define NMN_COMMON_NN_ACTIVATIONS_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nmn::nn {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// x between low and high. x86's Min and Max return the second operand where one is NaN, so x stays second.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Clip(D d, V x, float low, float high) {
  return hn::Max(hn::Set(d, low), hn::Min(hn::Set(d, high), x));
}

// tanh x = x P(x^2) / Q(x^2) on [-7.8, 7.8], constant beyond. P of degree 4, Q of degree 3: a minimax fit (iteratively
// reweighted least squares, 40 digits) whose own error is 1.5e-7. |result - tanh x| <= 6e-7; |result| < 1.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Tanh(D d, V x) {
  const V c = Clip(d, x, -7.8f, 7.8f);
  const V u = hn::Mul(c, c);
  V p = hn::MulAdd(hn::Set(d, -6.26293500427e-9f), u, hn::Set(d, 7.21863599242e-6f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.00270257205532f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.127176241484f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.999999244729f));
  V q = hn::MulAdd(hn::Set(d, 0.000197615554113f), u, hn::Set(d, 0.0228745389958f));
  q = hn::MulAdd(q, u, hn::Set(d, 0.460506777813f));
  q = hn::MulAdd(q, u, hn::Set(d, 1.0f));
  return hn::Div(hn::Mul(c, p), q);
}

// 1 / (1 + e^-x) = (1 + tanh(x / 2)) / 2, the fit above with its argument's scale folded in. |error| <= 3e-7; 0 <
// result < 1.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V c = Clip(d, x, -15.6f, 15.6f);
  const V u = hn::Mul(c, c);
  V p = hn::MulAdd(hn::Set(d, -6.1161474651e-12f), u, hn::Set(d, 2.81977968454e-8f));
  p = hn::MulAdd(p, u, hn::Set(d, 4.22276883645e-5f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.00794851509274f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.249999811182f));
  V q = hn::MulAdd(hn::Set(d, 3.08774303302e-6f), u, hn::Set(d, 0.00142965868724f));
  q = hn::MulAdd(q, u, hn::Set(d, 0.115126694453f));
  q = hn::MulAdd(q, u, hn::Set(d, 1.0f));
  return hn::Add(hn::Div(hn::Mul(c, p), q), hn::Set(d, 0.5f));
}

// clip(x, -1, 1)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SaturatedRelu(D d, V x) {
  return Clip(d, x, -1.0f, 1.0f);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Relu(D d, V x) {
  return hn::Max(hn::Zero(d), x);
}

// e^x. Relative error at most 2.5e-7 for x in [-87, 88]; beyond, the value at the end of that range. Cody and Waite's
// reduction x = n ln 2 + r with |r| <= ln 2 / 2, then the polynomial of Cephes' expf (Moshier).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Exp(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V c = Clip(d, x, -87.0f, 88.0f);
  const V n = hn::Round(hn::Mul(c, hn::Set(d, 1.44269504088896341f)));
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), c);
  r = hn::MulAdd(n, hn::Set(d, 2.12194440e-4f), r);
  V p = hn::MulAdd(hn::Set(d, 1.9875691500e-4f), r, hn::Set(d, 1.3981999507e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
  p = hn::MulAdd(p, hn::Mul(r, r), hn::Add(r, hn::Set(d, 1.0f)));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, exponent));
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::nn
HWY_AFTER_NAMESPACE();

#endif  // include guard
