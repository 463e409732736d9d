#pragma once

#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace nmn::ppo {

// The device that --device names (device.h). FAILED_PRECONDITION, in one line that names the flag, where it is not
// there.
absl::StatusOr<c10::Device> FindDevice(const std::string& name);

// What LibTorch's results depend on besides their inputs, for the whole process: one thread in LibTorch and OpenBLAS,
// deterministic cuDNN in full single precision.
void PinNumerics();

inline absl::Status OutOfMemory() {
  return absl::ResourceExhaustedError("out of memory; a run continues from its last checkpoint with --resume");
}

// Calls `function`, which returns absl::Status or absl::StatusOr, and turns what LibTorch throws into a status: the one
// place where its exceptions end. RESOURCE_EXHAUSTED for memory and threads, INTERNAL with LibTorch's words for the
// rest.
template <typename Function>
auto Guarded(const Function& function) -> decltype(function()) {
  try {
    return function();
  } catch (const c10::Error& error) {
    const std::string words = error.what_without_backtrace();
    // What its allocators say on a CPU and on a GPU.
    for (const char* memory : {"can't allocate memory", "not enough memory", "out of memory"}) {
      if (absl::StrContains(words, memory)) return OutOfMemory();
    }
    return absl::InternalError(absl::StrCat("LibTorch: ", words));
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again || error.code() == std::errc::not_enough_memory) {
      return absl::ResourceExhaustedError(
          "cannot start a thread: the limit of processes or of memory is reached (ulimit -u, ulimit -v)");
    }
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

}  // namespace nmn::ppo
