#include "actor/sampling.h"

// foreach_target.h includes this file once a target; the order of the headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "actor/sampling.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "common/nn/activations-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace nmn::actor {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace kernels = nn::HWY_NAMESPACE;

// Samples lanes [first, lanes) as long as whole vectors fit, and returns the first lane left.
template <class D>
HWY_INLINE size_t SampleVectors(D d, const float* mean, const float* log_variance, const float* noise, size_t first,
                                size_t lanes, float* raw_action, bool& finite) {
  for (; first + hn::Lanes(d) <= lanes; first += hn::Lanes(d)) {
    auto u = hn::LoadU(d, mean + first);
    if (noise != nullptr) {
      const auto half = hn::Mul(hn::LoadU(d, log_variance + first), hn::Set(d, 0.5f));
      u = hn::MulAdd(kernels::Exp(d, half), hn::LoadU(d, noise + first), u);
    }
    hn::StoreU(u, d, raw_action + first);
    // u - u is 0 for a finite number, NaN otherwise.
    finite = finite && hn::AllTrue(d, hn::Eq(hn::Sub(u, u), hn::Zero(d)));
  }
  return first;
}

bool SampleActionsOnTarget(const float* mean, const float* log_variance, const float* noise, size_t lanes,
                           float* raw_action) {
  bool finite = true;
  const size_t rest = SampleVectors(hn::ScalableTag<float>(), mean, log_variance, noise, 0, lanes, raw_action, finite);
  SampleVectors(hn::CappedTag<float, 1>(), mean, log_variance, noise, rest, lanes, raw_action, finite);
  return finite;
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::actor
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::actor {

HWY_EXPORT(SampleActionsOnTarget);

bool SampleActions(const float* mean, const float* log_variance, const float* noise, size_t lanes, float* raw_action) {
  return HWY_DYNAMIC_DISPATCH(SampleActionsOnTarget)(mean, log_variance, noise, lanes, raw_action);
}

}  // namespace nmn::actor
#endif  // HWY_ONCE
