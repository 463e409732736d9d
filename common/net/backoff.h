#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace nmn::net {

// Delays between attempts: exponential with full jitter, so that many clients that lost one server do not come back at
// once. Delay n is uniform in [0, min(longest, shortest * 2^n)). Deterministic for a seed; the caller waits, so it
// needs no clock.
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit Backoff(uint64_t seed, Milliseconds shortest = Milliseconds(100), Milliseconds longest = Milliseconds(5000))
      : random_(seed), shortest_(shortest), longest_(longest), ceiling_(shortest) {}

  Milliseconds Next() {
    const auto delay = std::uniform_int_distribution<int64_t>(0, ceiling_.count() - 1)(random_);
    ceiling_ = std::min(longest_, ceiling_ * 2);
    return Milliseconds(delay);
  }
  void Reset() { ceiling_ = shortest_; }

 private:
  std::mt19937_64 random_;
  Milliseconds shortest_;
  Milliseconds longest_;
  Milliseconds ceiling_;
};

}  // namespace nmn::net
