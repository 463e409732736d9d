// A loop over lanes for Highway translation units. Included once a target, after hwy/highway.h.
#if defined(NMN_COMMON_NN_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NMN_COMMON_NN_LANES_INL_H_
#undef NMN_COMMON_NN_LANES_INL_H_
#else
#define NMN_COMMON_NN_LANES_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nmn::nn {
namespace HWY_NAMESPACE {

// Calls body(d, first) for whole vectors of lanes, then for each lane that is left.
template <class Body>
HWY_INLINE void ForLanes(size_t lanes, Body body) {
  const hwy::HWY_NAMESPACE::ScalableTag<float> d;
  const hwy::HWY_NAMESPACE::CappedTag<float, 1> one;
  size_t first = 0;
  for (; first + hwy::HWY_NAMESPACE::Lanes(d) <= lanes; first += hwy::HWY_NAMESPACE::Lanes(d)) body(d, first);
  for (; first < lanes; ++first) body(one, first);
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::nn
HWY_AFTER_NAMESPACE();

#endif  // per target
