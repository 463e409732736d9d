#pragma once

#include "absl/status/status.h"

namespace nmn {

// What a process tells its parent; schedulers act on it.
enum ExitCode : int {
  kExitDone = 0,          // budget reached; or an actor's own clean stop
  kExitRetry = 1,         // may work later: learner absent, port in use, directory locked, checkpoint not saved
  kExitPermanent = 42,    // will not work by itself: bad flag, file, address, config; diverged training; corrupt state
  kExitInterrupted = 75,  // stopped by a signal, checkpoint saved: resume
};

// The exit code of a failed start: UNAVAILABLE, RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED may work later, all else will
// not.
inline ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitDone;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return kExitRetry;
    default:
      return kExitPermanent;
  }
}

}  // namespace nmn
