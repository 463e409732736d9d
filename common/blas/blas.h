#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace nmn::blas {

// Vector width of a CPU or of a library's kernels, ordered.
enum class Width { kUnknown, kSse2, kAvx2, kAvx512 };

const char* WidthName(Width width);

// Widest instructions of this CPU that the system lets us use.
Width CpuWidth();

// The BLAS this process really loaded, whatever it was linked with: Debian's alternatives and LD_LIBRARY_PATH decide at
// start.
struct BlasInfo {
  std::string path;                      // of the file that holds sgemm; empty if no BLAS is visible to the process
  std::string config;                    // OpenBLAS: "OpenBLAS 0.3.21 DYNAMIC_ARCH ..."; empty for another BLAS
  std::string core;                      // OpenBLAS: the kernels it chose, e.g. "SkylakeX"; empty for another BLAS
  std::vector<std::string> environment;  // OPENBLAS_* in force, "NAME=value", sorted
  bool reference = false;                // the reference BLAS, plain loops
};
BlasInfo LoadedBlas();

// Width of OpenBLAS's kernels for a core type, in any case; kUnknown for a name that is not in its list for x86-64.
Width CoreWidth(const std::string& core);

// What makes this BLAS slower than the CPU allows, one sentence a reason, each with what to do.
std::vector<std::string> SpeedWarnings(const BlasInfo& blas, Width cpu);

// sgemm of the BLAS standard, Fortran convention: column-major, everything by pointer.
using Sgemm = void(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k,
                   const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                   const float* beta, float* c, const int* ldc);

// Multiplies matrices of small integers, whose products float32 holds exactly, in shapes like those of the networks.
// Old OpenBLAS versions compute wrong products on some newer CPUs. INTERNAL, in one line, names the file, the core and
// the variable to set.
absl::Status CheckProducts(Sgemm* sgemm, const BlasInfo& blas);

// The same for the loaded BLAS; OK if none is visible to the process (LibTorch's own builds carry theirs inside).
// Takes a few milliseconds: meant for every start of a learner.
absl::Status CheckLoadedBlas();

}  // namespace nmn::blas
