#include "learner/run/process_clock.h"

#include <time.h>

#include "common/process/proc_stat.h"

namespace nmn::run {
namespace {

double BootSeconds() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Without /proc, the first call counts as the start.
double StartSeconds() {
  const std::optional<ProcStat> stat = ReadProcStat();
  return stat ? stat->start_seconds : BootSeconds();
}

}  // namespace

double SecondsSinceProcessStart() {
  static const double start = StartSeconds();
  return BootSeconds() - start;
}

}  // namespace nmn::run
