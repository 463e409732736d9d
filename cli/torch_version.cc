#include "cli/torch_version.h"

#include <torch/cuda.h>
#include <torch/version.h>

namespace nmn::cli {

std::string TorchVersion() { return TORCH_VERSION; }

int CudaDevices() { return torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0; }

}  // namespace nmn::cli
