#include "learner/run/process_clock.h"

#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace nmn::run {
namespace {

double BootSeconds() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Field 22 of /proc/self/stat is the start time in clock ticks since boot (proc(5)). Field 2, the command, may contain
// spaces, so counting begins after its closing parenthesis. Without /proc, the first call counts as the start.
double StartSeconds() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return BootSeconds();
  std::istringstream fields(text.substr(end_of_name + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(fields >> field)) return BootSeconds();
  }
  return std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

double SecondsSinceProcessStart() {
  static const double start = StartSeconds();
  return BootSeconds() - start;
}

}  // namespace nmn::run
