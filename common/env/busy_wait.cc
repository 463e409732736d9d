#include "common/env/busy_wait.h"

#include <time.h>

#include <chrono>

namespace nmn::env {
namespace {

double ThreadMicroseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

}  // namespace

void BusyWait(double microseconds) {
  if (microseconds <= 0) return;
  const double end = ThreadMicroseconds() + microseconds;
  for (double left = microseconds; left > 0; left = end - ThreadMicroseconds()) {
    const auto spun = std::chrono::steady_clock::now() + std::chrono::duration<double, std::micro>(left);
    while (std::chrono::steady_clock::now() < spun) {
    }
  }
}

}  // namespace nmn::env
