#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace nmn::fs {

// "cannot VERB PATH: No such file or directory", with the code that fits `error` (an errno). A limit of file sizes
// (ulimit -f) is what a full disk is. A loop of links is no better later.
inline absl::Status SystemError(const char* verb, const std::string& path, int error) {
  const bool limit = error == EFBIG;
  const absl::StatusCode code = limit            ? absl::StatusCode::kResourceExhausted
                                : error == ELOOP ? absl::StatusCode::kPermissionDenied
                                                 : absl::ErrnoToStatusCode(error);
  return absl::Status(code, absl::StrCat("cannot ", verb, " ", path, ": ", std::generic_category().message(error),
                                         limit             ? " (see ulimit -f)"
                                         : error == EMFILE ? " (see ulimit -n)"
                                                           : ""));
}

// What to do about a write that there was no room for.
inline const char* RoomAdvice(const absl::Status& status) {
  return status.message().find("(see ulimit -f)") == absl::string_view::npos ? "free some space" : "raise that limit";
}

// Repeats a system call that a signal interrupted.
template <typename Call>
auto Retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace nmn::fs
