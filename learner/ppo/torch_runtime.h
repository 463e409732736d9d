#pragma once

#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace nmn::ppo {

// "cpu", "cuda" or "cuda:INDEX". INVALID_ARGUMENT for anything else; FAILED_PRECONDITION, in one line that names the
// flag, where the device is not there.
absl::StatusOr<c10::Device> FindDevice(const std::string& name);

// What LibTorch's results depend on besides their inputs, for the whole process: one thread in LibTorch and OpenBLAS,
// deterministic cuDNN in full single precision.
void PinNumerics();

// Calls `function`, which returns absl::Status or absl::StatusOr, and turns what LibTorch throws into a status: the one
// place where its exceptions end. RESOURCE_EXHAUSTED for memory, INTERNAL with LibTorch's words for the rest.
template <typename Function>
auto Guarded(const Function& function) -> decltype(function()) {
  try {
    return function();
  } catch (const c10::Error& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

}  // namespace nmn::ppo
