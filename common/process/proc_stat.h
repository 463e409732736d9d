#pragma once

#include <cstdint>
#include <optional>

namespace nmn {

// What /proc/self/stat says of this process (proc(5)).
struct ProcStat {
  double cpu_seconds = 0;    // user and system
  double start_seconds = 0;  // of the process, on CLOCK_BOOTTIME
  uint64_t threads = 0;
  uint64_t virtual_bytes = 0;
  uint64_t resident_bytes = 0;
};

// Nothing where there is no /proc.
std::optional<ProcStat> ReadProcStat();

}  // namespace nmn
