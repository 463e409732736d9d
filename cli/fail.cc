#include "cli/fail.h"

#include <algorithm>
#include <iostream>
#include <string>

namespace nmn::cli {

int Fail(std::string_view verb, const absl::Status& status) {
  std::string message(status.message());
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cout.flush();
  std::cerr << "nmn " << verb << ": " << message << std::endl;
  return ExitCodeOf(status);
}

}  // namespace nmn::cli
