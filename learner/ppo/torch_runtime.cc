#include "learner/ppo/torch_runtime.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/cuda.h>

#include "absl/strings/str_cat.h"
#include "learner/ppo/device.h"

namespace nmn::ppo {

absl::StatusOr<c10::Device> FindDevice(const std::string& name) {
  const absl::StatusOr<std::optional<int>> index = ParseDevice(name);
  if (!index.ok()) return index.status();
  if (!index->has_value()) return c10::Device(c10::kCPU);
  if (!torch::cuda::is_available()) {
    const char* reason = at::globalContext().hasCUDART() ? "" : " (this LibTorch was built without CUDA)";
    return absl::FailedPreconditionError(
        absl::StrCat("--device=", name, ": no CUDA device", reason, "; use --device=cpu"));
  }
  const int devices = static_cast<int>(torch::cuda::device_count());
  if (**index >= devices) {
    return absl::FailedPreconditionError(absl::StrCat("--device=", name, ": this machine has ", devices,
                                                      " CUDA device(s), counted from 0; use --device=cuda"));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(**index));
}

void PinNumerics() {
  at::set_num_threads(1);
  // OpenBLAS has its own pool and its products may depend on the number of its threads; it is absent where LibTorch
  // brings its own BLAS.
  using SetThreads = void(int);
  if (auto* set = reinterpret_cast<SetThreads*>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(1);
  at::Context& context = at::globalContext();
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
}

}  // namespace nmn::ppo
