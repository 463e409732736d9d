#pragma once

#include <optional>
#include <string>
#include <vector>

namespace nmn::cli::bench {

// What the figures depend on besides the program.
struct Machine {
  std::string cpu;  // "AMD EPYC 9R14"
  int cores = 0;    // that this process may use
  std::string cpu_simd;
  std::string simd_target;                        // of our kernels
  std::string blas;                               // OpenBLAS's own description, or the file
  std::string blas_core;                          // empty for another BLAS
  std::vector<std::string> openblas_environment;  // OPENBLAS_* in force
  std::optional<double> load;                     // runnable processes in the last minute, before the run
};
Machine DescribeMachine();

// sgemm of the loaded OpenBLAS, 1024^3, one thread, GFLOP/s; the best of a few. Nothing where another BLAS is loaded.
std::optional<double> OpenBlasGflops();

}  // namespace nmn::cli::bench
