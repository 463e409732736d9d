// Logarithm, sine and cosine in float32 for Highway vectors of any width, out of additions, multiplications and square
// roots that round once each: no fused operation, no library function. So every SIMD target, and one lane alone, gives
// the same bits. Included once for each target (see Highway's foreach_target.h); the guard toggles.
#if defined(NMN_COMMON_RNG_ELEMENTARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NMN_COMMON_RNG_ELEMENTARY_INL_H_
#undef NMN_COMMON_RNG_ELEMENTARY_INL_H_
#else
#define NMN_COMMON_RNG_ELEMENTARY_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nmn::rng {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Words = hn::RebindToUnsigned<D>;
template <class D>
using Integers = hn::RebindToSigned<D>;

// Horner's rule without fused operations: (..((sum x + next) x + ..) x + last.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Horner(D, V, V sum) {
  return sum;
}
template <class D, class V = hn::Vec<D>, class... Rest>
HWY_INLINE V Horner(D d, V x, V sum, float next, Rest... rest) {
  return Horner(d, x, hn::Add(hn::Mul(sum, x), hn::Set(d, next)), rest...);
}

// ln x for positive normal x. Cephes logf: x = 2^e (1 + m), 1 + m in [sqrt(1/2), sqrt(2)), a polynomial of degree 8 in
// m. Relative error below 2^-22 (1.5 units in the last place), ln 1 = 0 exactly.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Log(D d, V x) {
  const Integers<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3F3504F3)));  // 0x3F3504F3: sqrt(1/2)
  const V e = hn::ConvertTo(d, exponent);
  const V m = hn::Sub(hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent))), hn::Set(d, 1.0f));
  const V square = hn::Mul(m, m);
  const V p = Horner(d, m, hn::Set(d, 7.0376836292e-2f), -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f,
                     1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  V tail = hn::Mul(hn::Mul(p, m), square);
  tail = hn::Add(tail, hn::Mul(e, hn::Set(d, -2.12194440e-4f)));  // ln 2 = 0.693359375 - 2.12194440e-4
  tail = hn::Sub(tail, hn::Mul(hn::Set(d, 0.5f), square));
  return hn::Add(hn::Add(m, tail), hn::Mul(e, hn::Set(d, 0.693359375f)));
}

// Sine and cosine of r + quadrant pi/2, |r| <= pi/4 and a little more. Cephes sinf and cosf. Absolute error below
// 2^-23.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void SinCosOfQuadrant(D d, V r, hn::Vec<Integers<D>> quadrant, V& sine, V& cosine) {
  const Integers<D> di;
  const V z = hn::Mul(r, r);
  const V s = hn::Add(
      hn::Mul(hn::Mul(Horner(d, z, hn::Set(d, -1.9515295891e-4f), 8.3321608736e-3f, -1.6666654611e-1f), z), r), r);
  const V c = hn::Add(hn::Sub(hn::Mul(hn::Mul(Horner(d, z, hn::Set(d, 2.443315711809948e-5f), -1.388731625493765e-3f,
                                                     4.166664568298827e-2f),
                                              z),
                                      z),
                              hn::Mul(hn::Set(d, 0.5f), z)),
                      hn::Set(d, 1.0f));
  const auto one = hn::Set(di, 1);
  const auto odd = hn::MaskFromVec(hn::BitCast(d, hn::Sub(hn::Zero(di), hn::And(quadrant, one))));
  const V sine_sign = hn::BitCast(d, hn::ShiftLeft<30>(hn::And(quadrant, hn::Set(di, 2))));
  const V cosine_sign = hn::BitCast(d, hn::ShiftLeft<30>(hn::And(hn::Add(quadrant, one), hn::Set(di, 2))));
  sine = hn::Xor(hn::IfThenElse(odd, c, s), sine_sign);
  cosine = hn::Xor(hn::IfThenElse(odd, s, c), cosine_sign);
}

// Sine and cosine of x radians, |x| <= 8192: Cody and Waite's reduction by pi/2 in three parts. Absolute error below
// 2^-22.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void SinCos(D d, V x, V& sine, V& cosine) {
  const V shift = hn::Set(d, 0x1.8p23f);  // adding and subtracting it rounds to the nearest integer
  const V k = hn::Sub(hn::Add(hn::Mul(x, hn::Set(d, 0.636619772f)), shift), shift);
  V r = hn::Sub(x, hn::Mul(k, hn::Set(d, 1.5703125f)));
  r = hn::Sub(r, hn::Mul(k, hn::Set(d, 4.837512969970703125e-4f)));
  r = hn::Sub(r, hn::Mul(k, hn::Set(d, 7.54978995489188216e-8f)));
  SinCosOfQuadrant(d, r, hn::ConvertTo(Integers<D>(), k), sine, cosine);
}

// Sine and cosine of word 2^-32 turns.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void SinCosOfTurn(D d, hn::Vec<Words<D>> word, V& sine, V& cosine) {
  const Words<D> du;
  const Integers<D> di;
  const auto quadrant = hn::ShiftRight<30>(hn::Add(word, hn::Set(du, 0x20000000u)));
  const auto rest = hn::BitCast(di, hn::Sub(word, hn::ShiftLeft<30>(quadrant)));
  const V r = hn::Mul(hn::ConvertTo(d, rest), hn::Set(d, 1.57079632679f * 0x1p-30f));
  SinCosOfQuadrant(d, r, hn::BitCast(di, quadrant), sine, cosine);
}

// (word + 1) 2^-32 in (0, 1], rounded once.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V OpenUnit(D d, hn::Vec<Words<D>> word) {
  const Words<D> du;
  const Integers<D> di;
  const V high = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<16>(word)));
  const V low = hn::ConvertTo(d, hn::BitCast(di, hn::And(word, hn::Set(du, 0xFFFFu))));
  const V sum = hn::Add(hn::Mul(high, hn::Set(d, 65536.0f)), hn::Add(low, hn::Set(d, 1.0f)));
  return hn::Mul(sum, hn::Set(d, 0x1p-32f));
}

// Two standard normals from two words (Box and Muller 1958). Within 2e-6 of the exact function of the float32
// OpenUnit(first), whose rounding moves the square of the radius by at most 2^-24.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void NormalPair(D d, hn::Vec<Words<D>> first, hn::Vec<Words<D>> second, V& normal0, V& normal1) {
  const V radius = hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), Log(d, OpenUnit(d, first))));
  V sine, cosine;
  SinCosOfTurn(d, second, sine, cosine);
  normal0 = hn::Mul(radius, cosine);
  normal1 = hn::Mul(radius, sine);
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::rng
HWY_AFTER_NAMESPACE();

#endif
