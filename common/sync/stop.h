#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "common/sync/mutex.h"

namespace nmn {

namespace internal {

struct StopState {
  std::atomic<bool> requested{false};
  Mutex mutex;
  CondVar changed;
  uint64_t next_callback NMN_GUARDED_BY(mutex) = 0;
  std::map<uint64_t, std::function<void()>> callbacks NMN_GUARDED_BY(mutex);
};

}  // namespace internal

// Asks whether a StopSource was told to stop. Cheap to copy; thread-safe. A default-constructed token never stops.
class StopToken {
 public:
  StopToken() : state_(std::make_shared<internal::StopState>()) {}

  bool stop_requested() const { return state_->requested.load(std::memory_order_acquire); }
  // For loops that poll; valid as long as a token or the source lives.
  const std::atomic<bool>* flag() const { return &state_->requested; }
  // Blocks until stop or `deadline`; true on stop.
  bool WaitUntil(std::chrono::steady_clock::time_point deadline) const;
  // Blocks until stop.
  void Wait() const;

 private:
  friend class StopSource;
  friend class StopCallback;
  explicit StopToken(std::shared_ptr<internal::StopState> state) : state_(std::move(state)) {}

  std::shared_ptr<internal::StopState> state_;
};

// A latch: stopped once, stopped for ever. Thread-safe.
class StopSource {
 public:
  // Sets the flag, then runs the callbacks in this thread. Not for signal handlers: see SignalWatcher.
  void RequestStop();
  bool stop_requested() const { return token().stop_requested(); }
  StopToken token() const { return StopToken(state_); }

 private:
  std::shared_ptr<internal::StopState> state_ = std::make_shared<internal::StopState>();
};

// Runs `callback` once when the token stops: at once if it already has. After the destructor it neither runs nor will.
// Neither construct nor destroy it while holding a lock that the callback takes.
class StopCallback {
 public:
  StopCallback(const StopToken& token, std::function<void()> callback);
  ~StopCallback();
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  std::shared_ptr<internal::StopState> state_;
  uint64_t id_ = 0;
};

}  // namespace nmn
