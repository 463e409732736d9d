#include "cli/fail.h"

#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace nmn::cli {

namespace {

// A full disk says the same of every file; what to do about it need not be said by each that writes one.
absl::Status WithAdvice(const absl::Status& status) {
  const absl::string_view message = status.message();
  if (!absl::StrContains(message, "No space left on device") || absl::StrContains(message, "free some space"))
    return status;
  return absl::Status(status.code(), absl::StrCat(message, "; free some space and call it again"));
}

}  // namespace

int Fail(std::string_view verb, const absl::Status& status) {
  std::cout.flush();
  log::SayError("nmn " + std::string(verb), WithAdvice(status));
  return ExitCodeOf(status);
}

}  // namespace nmn::cli
