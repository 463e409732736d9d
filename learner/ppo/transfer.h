#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace nmn::ppo {

// Every way of a tensor between the host and the networks' device. A read waits until the device has done all that was
// asked of it before, so an update makes a fixed number of them, whatever its epochs, minibatches and segments are. On
// the CPU nothing is copied.

// The names under which a profiler, and the test, see both (ATen/record_function.h).
inline constexpr char kToHost[] = "nmn::ppo::ToHost";
inline constexpr char kToDevice[] = "nmn::ppo::ToDevice";

at::Tensor ToHost(const at::Tensor& tensor);  // contiguous
at::Tensor ToDevice(const at::Tensor& tensor, at::Device device);

// The values of tensors of one element each, in one read.
std::vector<double> ReadScalars(const std::vector<at::Tensor>& scalars);

}  // namespace nmn::ppo
