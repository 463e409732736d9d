#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/unit/common/nn/targets.h"

// foreach_target.h includes this file once a target; the order of the headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/unit/common/nn/activations_test.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "common/nn/activations-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace nmn::nn {
namespace HWY_NAMESPACE {

// x.size() is a multiple of 16.
template <class Function>
HWY_INLINE void Map(const std::vector<float>& x, std::vector<float>& y, Function function) {
  const hn::CappedTag<float, 16> d;
  for (size_t i = 0; i < x.size(); i += hn::Lanes(d))
    hn::StoreU(function(d, hn::LoadU(d, x.data() + i)), d, y.data() + i);
}

struct CallTanh {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return Tanh(d, x);
  }
};
struct CallSigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return Sigmoid(d, x);
  }
};
struct CallExp {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return Exp(d, x);
  }
};
struct CallSaturatedRelu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return SaturatedRelu(d, x);
  }
};
struct CallRelu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return Relu(d, x);
  }
};

void MapTanh(const std::vector<float>& x, std::vector<float>& y) { Map(x, y, CallTanh()); }
void MapSigmoid(const std::vector<float>& x, std::vector<float>& y) { Map(x, y, CallSigmoid()); }
void MapExp(const std::vector<float>& x, std::vector<float>& y) { Map(x, y, CallExp()); }
void MapSaturatedRelu(const std::vector<float>& x, std::vector<float>& y) { Map(x, y, CallSaturatedRelu()); }
void MapRelu(const std::vector<float>& x, std::vector<float>& y) { Map(x, y, CallRelu()); }

}  // namespace HWY_NAMESPACE
}  // namespace nmn::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::nn {
namespace {

HWY_EXPORT(MapTanh);
HWY_EXPORT(MapSigmoid);
HWY_EXPORT(MapExp);
HWY_EXPORT(MapSaturatedRelu);
HWY_EXPORT(MapRelu);

// Floats of every sign and exponent, infinities included, and the range that matters more densely.
const std::vector<float>& Sweep() {
  static const std::vector<float> sweep = [] {
    std::vector<float> x;
    for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 4099) {
      const float value = std::bit_cast<float>(static_cast<uint32_t>(bits));
      if (!std::isnan(value)) x.push_back(value);
    }
    for (int i = -400000; i <= 400000; ++i) x.push_back(static_cast<float>(i) * 0.00025f);
    const float infinity = std::numeric_limits<float>::infinity();
    x.insert(x.end(), {infinity, -infinity, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
    while (x.size() % 16 != 0) x.push_back(0.0f);
    return x;
  }();
  return sweep;
}

std::vector<float> Call(void (*map)(const std::vector<float>&, std::vector<float>&), const std::vector<float>& x) {
  std::vector<float> y(x.size());
  map(x, y);
  return y;
}

class Activations : public ::testing::TestWithParam<int64_t> {
 protected:
  const ScopedTarget scope_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(EveryTarget, Activations, ::testing::ValuesIn(TestedTargets()),
                         [](const auto& info) { return std::string(hwy::TargetName(info.param)); });

TEST_P(Activations, TanhIsWithinItsBoundForEveryArgument) {
  const std::vector<float> y = Call(HWY_DYNAMIC_DISPATCH(MapTanh), Sweep());
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    worst = std::max(worst, std::abs(y[i] - std::tanh(double{Sweep()[i]})));
    ASSERT_LT(std::abs(y[i]), 1.0f) << Sweep()[i];
  }
  EXPECT_LE(worst, 6e-7);
}

TEST_P(Activations, SigmoidIsWithinItsBoundForEveryArgument) {
  const std::vector<float> y = Call(HWY_DYNAMIC_DISPATCH(MapSigmoid), Sweep());
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    worst = std::max(worst, std::abs(y[i] - 1 / (1 + std::exp(-double{Sweep()[i]}))));
    ASSERT_GT(y[i], 0.0f) << Sweep()[i];
    ASSERT_LT(y[i], 1.0f) << Sweep()[i];
  }
  EXPECT_LE(worst, 3e-7);
}

TEST_P(Activations, ExpIsWithinItsBoundAndHeldBeyondItsRange) {
  const std::vector<float> y = Call(HWY_DYNAMIC_DISPATCH(MapExp), Sweep());
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const double exact = std::exp(std::clamp(double{Sweep()[i]}, -87.0, 88.0));
    worst = std::max(worst, std::abs(y[i] / exact - 1));
  }
  EXPECT_LE(worst, 2.5e-7);
}

TEST_P(Activations, RectifiersAreExact) {
  const std::vector<float> saturated = Call(HWY_DYNAMIC_DISPATCH(MapSaturatedRelu), Sweep());
  const std::vector<float> relu = Call(HWY_DYNAMIC_DISPATCH(MapRelu), Sweep());
  for (size_t i = 0; i < saturated.size(); ++i) {
    ASSERT_EQ(saturated[i], std::clamp(Sweep()[i], -1.0f, 1.0f));
    ASSERT_EQ(relu[i], std::max(Sweep()[i], 0.0f));
  }
}

TEST_P(Activations, NanStaysNan) {
  const std::vector<float> x(16, std::numeric_limits<float>::quiet_NaN());
  for (auto* map : {HWY_DYNAMIC_DISPATCH(MapTanh), HWY_DYNAMIC_DISPATCH(MapSigmoid), HWY_DYNAMIC_DISPATCH(MapExp),
                    HWY_DYNAMIC_DISPATCH(MapSaturatedRelu), HWY_DYNAMIC_DISPATCH(MapRelu)}) {
    for (float y : Call(map, x)) ASSERT_TRUE(std::isnan(y));
  }
}

TEST(ActivationBits, Avx2AndAvx512Agree) {
  const std::vector<int64_t> targets = FusedTargets();
  if (targets.size() < 2) GTEST_SKIP() << "this CPU has no two targets with fused multiply-add";
  std::vector<std::vector<std::vector<float>>> y;
  for (int64_t target : targets) {
    const ScopedTarget scope(target);
    y.push_back({Call(HWY_DYNAMIC_DISPATCH(MapTanh), Sweep()), Call(HWY_DYNAMIC_DISPATCH(MapSigmoid), Sweep()),
                 Call(HWY_DYNAMIC_DISPATCH(MapExp), Sweep())});
  }
  EXPECT_EQ(y[0], y[1]);
}

}  // namespace
}  // namespace nmn::nn
#endif  // HWY_ONCE
