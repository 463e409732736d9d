#pragma once

#include <atomic>
#include <chrono>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace nmn::actor {

// Beats once each time a loop goes round; tells anyone who asks whether it still does. Thread-safe.
class Heartbeat {
 public:
  // Well above the longest that an actor's loop blocks: a call to the learner may take 5 s, and the pause after it 5 s.
  static constexpr std::chrono::seconds kStale{30};

  void Beat() { last_ = Now(); }
  // UNAVAILABLE, in one line, where the last beat is too long ago.
  absl::Status Check() const {
    const auto since = Now() - last_.load();
    if (since < kStale) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("the main loop has not come round for ",
                                               std::chrono::round<std::chrono::seconds>(since).count(), " s"));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static Clock::duration Now() { return Clock::now().time_since_epoch(); }

  std::atomic<Clock::duration> last_{Now()};
};

}  // namespace nmn::actor
