#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "common/sync/mutex.h"

namespace nmn::run {

// Decides whether a run is stuck: there is work, and no step of it has ended for ten times as long as the longest one
// took (or another factor), `least_seconds` at least. Waiting for actors is no work. Times are seconds on one steady
// clock of the caller's. Not thread-safe.
class StuckRule {
 public:
  static constexpr double kPatience = 10;

  explicit StuckRule(double least_seconds, double times_longest = kPatience)
      : least_seconds_(least_seconds), times_longest_(times_longest) {}

  // There is work: a step of it begins, and the one that was going on has ended.
  void Work(double now);
  // Nothing can be done until actors deliver; the step that was going on has ended.
  void Wait(double now);

  // When the run is stuck unless it gets on before; nothing while it waits.
  std::optional<double> Deadline() const;

 private:
  void EndStep(double now);

  double least_seconds_;
  double times_longest_;
  double longest_ = 0;
  std::optional<double> began_;  // the step that is going on
};

// The rule with a thread that watches the clock. Thread-safe.
class StuckWatchdog {
 public:
  static constexpr double kLeastSeconds = 600;  // no update of a run that works takes as long

  // `on_change` hears true when the run is stuck and false when it gets on after that, each once, in order, from
  // whichever thread finds it out; it must not call back.
  StuckWatchdog(StuckRule rule, std::function<void(bool stuck)> on_change);
  ~StuckWatchdog();

  void Work() { GoOn(&StuckRule::Work); }
  void Wait() { GoOn(&StuckRule::Wait); }

 private:
  double Now() const;
  void GoOn(void (StuckRule::*how)(double now));
  void Watch();

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const std::function<void(bool)> on_change_;
  Mutex mutex_;
  CondVar changed_;
  StuckRule rule_ NMN_GUARDED_BY(mutex_);
  bool stuck_ NMN_GUARDED_BY(mutex_) = false;
  bool stopping_ NMN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace nmn::run
