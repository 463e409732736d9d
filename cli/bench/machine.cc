#include "cli/bench/machine.h"

#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "cli/bench/networks.h"
#include "cli/bench/timing.h"
#include "common/blas/blas.h"
#include "common/nn/policy_forward.h"

namespace nmn::cli::bench {
namespace {

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

int UsableCores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

}  // namespace

Machine DescribeMachine() {
  const blas::BlasInfo info = blas::LoadedBlas();
  Machine machine;
  machine.cpu = CpuName();
  machine.cores = UsableCores();
  machine.cpu_simd = blas::WidthName(blas::CpuWidth());
  machine.simd_target = nn::SimdTarget();
  machine.blas = info.config.empty() ? info.path : info.config;
  machine.blas_core = info.core;
  machine.openblas_environment = info.environment;
  double load = 0;
  if (getloadavg(&load, 1) == 1) machine.load = load;
  return machine;
}

std::optional<double> OpenBlasGflops() {
  constexpr int kSize = 1024;
  constexpr int kTrials = 4;
  auto* sgemm = reinterpret_cast<blas::Sgemm*>(dlsym(RTLD_DEFAULT, "sgemm_"));
  if (sgemm == nullptr || blas::LoadedBlas().config.empty()) return std::nullopt;
  const std::vector<float> a = Normals(size_t{kSize} * kSize, 1.0f, 1);
  const std::vector<float> b = Normals(size_t{kSize} * kSize, 1.0f, 2);
  std::vector<float> c(size_t{kSize} * kSize);
  const float one = 1, zero = 0;
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const double start = Now(Clock::kThread);
    sgemm("N", "N", &kSize, &kSize, &kSize, &one, a.data(), &kSize, b.data(), &kSize, &zero, c.data(), &kSize);
    best = std::max(best, 2e-9 * kSize * kSize * kSize / (Now(Clock::kThread) - start));
  }
  return best;
}

}  // namespace nmn::cli::bench
