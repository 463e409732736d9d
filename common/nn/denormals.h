#pragma once

#include <xmmintrin.h>

namespace nmn::nn {

// Flushes denormals, as inputs and as results, to zero on this thread while it lives. A decaying recurrent state would
// otherwise reach them, where arithmetic is a hundred times slower. Every thread that runs a network holds one: the
// bits depend on it.
class ScopedFlushDenormals {
 public:
  ScopedFlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | kFlushToZero | kDenormalsAreZero); }
  ~ScopedFlushDenormals() { _mm_setcsr(saved_); }
  ScopedFlushDenormals(const ScopedFlushDenormals&) = delete;
  ScopedFlushDenormals& operator=(const ScopedFlushDenormals&) = delete;

 private:
  static constexpr unsigned kFlushToZero = 0x8000;  // bits of MXCSR
  static constexpr unsigned kDenormalsAreZero = 0x0040;
  const unsigned saved_;
};

}  // namespace nmn::nn
