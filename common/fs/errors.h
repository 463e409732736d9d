#pragma once

#include <sys/stat.h>
#include <unistd.h>

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
  // A relative path leads nowhere then, whatever it is.
  struct stat here {};
  const bool nowhere = error == ENOENT && !path.starts_with('/') && ::stat(".", &here) == 0 && here.st_nlink == 0;
  return absl::Status(code, absl::StrCat("cannot ", verb, " ", path, ": ", std::generic_category().message(error),
                                         limit             ? " (see ulimit -f)"
                                         : error == EMFILE ? " (see ulimit -n)"
                                         : nowhere         ? " (the working directory was removed)"
                                                           : ""));
}

// Of a program that did not start, with its stdin from /dev/null. `absent` is said where there is no such program.
inline absl::Status StartError(const std::string& program, int error, const std::string& absent = "") {
  if (error == ENOENT && access("/dev/null", F_OK) != 0)
    return absl::FailedPreconditionError(
        absl::StrCat(program, " is not started: /dev/null is missing, where its input comes from; make it"));
  if (error == ENOENT && !absent.empty()) return absl::NotFoundError(absent);
  const absl::Status status = SystemError("start", program, error);
  if (error != EAGAIN) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat(std::string(status.message()), " (see ulimit -u, and pids.max of the cgroup)"));
}

// What to do about a RESOURCE_EXHAUSTED of SystemError.
inline const char* RoomAdvice(const absl::Status& status) {
  return status.message().find("(see ulimit -") == absl::string_view::npos ? "free some space" : "raise that limit";
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
