#pragma once

#include <c10/core/Device.h>

#include <string>

#include "absl/status/statusor.h"

namespace nmn::ppo {

// "cpu", "cuda" or "cuda:INDEX". INVALID_ARGUMENT for anything else; FAILED_PRECONDITION, in one line that names the
// flag, where the device is not there.
absl::StatusOr<c10::Device> FindDevice(const std::string& name);

// What LibTorch's results depend on besides their inputs, for the whole process: one thread in LibTorch and OpenBLAS,
// deterministic cuDNN in full single precision.
void PinNumerics();

}  // namespace nmn::ppo
