#include "cli/fail.h"

#include <algorithm>
#include <iostream>
#include <string>

#include "common/log/log.h"

namespace nmn::cli {

int Fail(std::string_view verb, const absl::Status& status) {
  std::string message(status.message());
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cout.flush();
  log::Say("nmn " + std::string(verb) + ": " + message + "\n");
  return ExitCodeOf(status);
}

}  // namespace nmn::cli
