#include "common/sync/stop.h"

#include "common/sync/mutex.h"

namespace nmn {

void WaitForStop(const std::stop_token& token) {
  while (!WaitForStopUntil(token, std::chrono::steady_clock::now() + std::chrono::hours(1))) {
  }
}

bool WaitForStopUntil(const std::stop_token& token, std::chrono::steady_clock::time_point deadline) {
  Mutex mutex;
  CondVar changed;
  const std::stop_callback wake(token, [&] {
    MutexLock lock(mutex);
    changed.NotifyAll();
  });
  MutexLock lock(mutex);
  while (!token.stop_requested() && changed.WaitUntil(mutex, deadline)) {
  }
  return token.stop_requested();
}

}  // namespace nmn
