#include "tests/fault/row.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string_view>

namespace nmn::fault {
namespace {

// Four times as long where code is instrumented, as the limits of ctest (cmake/Targets.cmake).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned kShortFormSeconds = 1200;
#else
constexpr unsigned kShortFormSeconds = 300;
#endif

[[maybe_unused]] const unsigned alarm_set = Full() ? 0 : ::alarm(kShortFormSeconds);

}  // namespace

bool Full() {
  const char* value = std::getenv("NMN_FAULT_FULL");
  return value != nullptr && std::string_view(value) == "1";
}

void PrintFigure(const std::string& row, const std::string& figure) {
  const std::string line = "row " + row + ": " + figure + "\n";
  std::cout << line << std::flush;
  if (const char* path = std::getenv("NMN_FAULT_FIGURES"); path != nullptr) std::ofstream(path, std::ios::app) << line;
}

}  // namespace nmn::fault
