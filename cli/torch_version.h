#pragma once

#include <string>

namespace nmn::cli {

// Asked in a file of its own: no other of the verbs' files includes LibTorch's headers.
std::string TorchVersion();  // "1.13.0"
int CudaDevices();           // that LibTorch can use; 0 for a build without CUDA

}  // namespace nmn::cli
