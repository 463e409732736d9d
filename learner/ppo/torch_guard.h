#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace nmn::ppo {

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
