#pragma once

namespace nmn::cpu {

// Single-precision multiply-adds of one core at its widest SIMD, in GFLOP/s (an fma is two): the ceiling that the hot
// loops are measured against. A loop in registers, no memory; the best of several trials, in CPU time of this thread,
// about 50 ms in all.
double PeakGflops();

}  // namespace nmn::cpu
