#include "cli/fail.h"

#include <iostream>
#include <string>

#include "common/log/log.h"

namespace nmn::cli {

int Fail(std::string_view verb, const absl::Status& status) {
  std::cout.flush();
  log::SayError("nmn " + std::string(verb), status);
  return ExitCodeOf(status);
}

}  // namespace nmn::cli
