#include "learner/run/stuck_watchdog.h"

#include <algorithm>
#include <utility>

namespace nmn::run {

void StuckRule::EndStep(double now) {
  if (began_) longest_ = std::max(longest_, now - *began_);
  began_.reset();
}

void StuckRule::Work(double now) {
  EndStep(now);
  began_ = now;
}

void StuckRule::Wait(double now) { EndStep(now); }

std::optional<double> StuckRule::Deadline() const {
  if (!began_) return std::nullopt;
  return *began_ + std::max(least_seconds_, times_longest_ * longest_);
}

StuckWatchdog::StuckWatchdog(StuckRule rule, std::function<void(bool stuck)> on_change)
    : on_change_(std::move(on_change)), rule_(rule), thread_([this] { Watch(); }) {}

StuckWatchdog::~StuckWatchdog() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

double StuckWatchdog::Now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void StuckWatchdog::GoOn(void (StuckRule::*how)(double now)) {
  MutexLock lock(mutex_);
  (rule_.*how)(Now());
  if (std::exchange(stuck_, false)) on_change_(false);
  changed_.NotifyAll();
}

void StuckWatchdog::Watch() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    const std::optional<double> deadline = rule_.Deadline();
    if (!deadline || stuck_) {
      changed_.Wait(mutex_);
    } else if (Now() >= *deadline) {
      stuck_ = true;
      on_change_(true);
    } else {
      const std::chrono::duration<double> until(*deadline);
      changed_.WaitUntil(mutex_, start_ + std::chrono::ceil<std::chrono::steady_clock::duration>(until));
    }
  }
}

}  // namespace nmn::run
