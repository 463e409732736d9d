#include "common/metrics/process_metrics.h"

#include <sys/resource.h>
#include <time.h>

#include <filesystem>
#include <iterator>
#include <system_error>

#include "common/metrics/registry.h"
#include "common/process/proc_stat.h"

namespace nmn::metrics {
namespace {

double SecondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  // One of them is the folder that is being read.
  return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

double MostDescriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  const std::optional<ProcStat> stat = ReadProcStat();
  if (!stat) return {};
  const double booted = SecondsOf(CLOCK_REALTIME) - SecondsOf(CLOCK_BOOTTIME);
  return {
      CounterFamily("process_cpu_seconds_total", "User and system CPU time spent.", stat->cpu_seconds),
      GaugeFamily("process_resident_memory_bytes", "Memory held in RAM.", static_cast<double>(stat->resident_bytes)),
      GaugeFamily("process_virtual_memory_bytes", "Address space in use.", static_cast<double>(stat->virtual_bytes)),
      GaugeFamily("process_start_time_seconds", "When the process began, Unix time.", booted + stat->start_seconds),
      GaugeFamily("process_open_fds", "Open file descriptors.", OpenDescriptors()),
      GaugeFamily("process_max_fds", "Most file descriptors that may be open.", MostDescriptors()),
      GaugeFamily("process_threads", "Threads of the process.", static_cast<double>(stat->threads)),
  };
}

}  // namespace nmn::metrics
