#include "learner/bptt/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace nmn::bptt {

Memory AllocateMemory(size_t floats) {
  constexpr size_t kHugePage = size_t{2} << 20;
  constexpr size_t kWorthIt = size_t{256} << 10;
  constexpr size_t kCacheLine = 64;
  const size_t needed = std::max<size_t>(floats, 1) * sizeof(float);
  const size_t unit = needed >= kWorthIt ? kHugePage : kCacheLine;
  const size_t bytes = (needed + unit - 1) / unit * unit;
  void* data = std::aligned_alloc(unit, bytes);
  if (data == nullptr) throw std::bad_alloc();
  if (unit == kHugePage) madvise(data, bytes, MADV_HUGEPAGE);  // a hint: refused, small pages do as well
  std::fill_n(static_cast<float*>(data), bytes / sizeof(float), 0.0f);
  return Memory(static_cast<float*>(data));
}

}  // namespace nmn::bptt
