#include "common/cpu/peak.h"

#include <time.h>

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/cpu/peak.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace nmn::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Enough independent sums to hide the latency of two multiply-add pipes: 2 pipes x 4 to 5 cycles.
constexpr size_t kSums = 12;

// Floating-point operations done; `sink` keeps the loop alive.
double MultiplyAdds(size_t iterations, float* sink) {
  const hn::ScalableTag<float> d;
  auto s0 = hn::Set(d, 0.0f), s1 = hn::Set(d, 1.0f), s2 = hn::Set(d, 2.0f), s3 = hn::Set(d, 3.0f),
       s4 = hn::Set(d, 4.0f), s5 = hn::Set(d, 5.0f), s6 = hn::Set(d, 6.0f), s7 = hn::Set(d, 7.0f),
       s8 = hn::Set(d, 8.0f), s9 = hn::Set(d, 9.0f), s10 = hn::Set(d, 10.0f), s11 = hn::Set(d, 11.0f);
  const auto x = hn::Set(d, sink[0]);
  const auto y = hn::Set(d, sink[1]);
  for (size_t i = 0; i < iterations; ++i) {
    s0 = hn::MulAdd(s0, x, y), s1 = hn::MulAdd(s1, x, y), s2 = hn::MulAdd(s2, x, y), s3 = hn::MulAdd(s3, x, y);
    s4 = hn::MulAdd(s4, x, y), s5 = hn::MulAdd(s5, x, y), s6 = hn::MulAdd(s6, x, y), s7 = hn::MulAdd(s7, x, y);
    s8 = hn::MulAdd(s8, x, y), s9 = hn::MulAdd(s9, x, y), s10 = hn::MulAdd(s10, x, y), s11 = hn::MulAdd(s11, x, y);
  }
  const auto total =
      hn::Add(hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(hn::Add(s4, s5), hn::Add(s6, s7))),
              hn::Add(hn::Add(s8, s9), hn::Add(s10, s11)));
  sink[2] = hn::GetLane(hn::SumOfLanes(d, total));
  return 2.0 * kSums * static_cast<double>(hn::Lanes(d)) * static_cast<double>(iterations);
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::cpu {

HWY_EXPORT(MultiplyAdds);

namespace {
double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
}  // namespace

double PeakGflops() {
  constexpr size_t kIterations = 400'000;  // about 1.5 ms
  constexpr int kTrials = 30;
  volatile float factors[3] = {0.5f, 0.25f, 0.0f};
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    float sink[3] = {factors[0], factors[1], factors[2]};
    const double start = ThreadSeconds();
    const double operations = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(kIterations, sink);
    best = std::max(best, operations / (ThreadSeconds() - start));
    factors[2] = sink[2];
  }
  return best * 1e-9;
}

}  // namespace nmn::cpu
#endif  // HWY_ONCE
