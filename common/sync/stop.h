#pragma once

#include <chrono>
#include <stop_token>

namespace nmn {

// Block until `token` is told to stop, with the locks of common/sync, which ThreadSanitizer sees.
void WaitForStop(const std::stop_token& token);
// Or until `deadline`; true on stop.
bool WaitForStopUntil(const std::stop_token& token, std::chrono::steady_clock::time_point deadline);

}  // namespace nmn
