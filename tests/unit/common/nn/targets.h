#pragma once

#include <string>
#include <vector>

#include "hwy/targets.h"

namespace nmn::nn {

// Runs on one Highway target while it lives; then on the CPU's best again.
class ScopedTarget {
 public:
  explicit ScopedTarget(int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  ~ScopedTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  ScopedTarget(const ScopedTarget&) = delete;
  ScopedTarget& operator=(const ScopedTarget&) = delete;
};

// Those of SSE4, AVX2 and AVX-512 that this CPU has.
inline std::vector<int64_t> TestedTargets() {
  std::vector<int64_t> targets;
  for (int64_t target : {HWY_SSE4, HWY_AVX2, HWY_AVX3}) {
    if (hwy::SupportedTargets() & target) targets.push_back(target);
  }
  return targets;
}

// Those with fused multiply-add.
inline std::vector<int64_t> FusedTargets() {
  std::vector<int64_t> targets = TestedTargets();
  std::erase(targets, int64_t{HWY_SSE4});
  return targets;
}

}  // namespace nmn::nn
