#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nmn::metrics {

// A limit on what clients of the learner may take, that somebody has met; docs/security.md has them.
enum class Limit { kActors, kStreams, kAddressStreams, kAddressRegistrations, kHelloTime, kCallTime, kStrikes };
inline constexpr size_t kLimits = static_cast<size_t>(Limit::kStrikes) + 1;

// As label `limit` of nmn_limit_reached_total.
inline constexpr std::array<std::string_view, kLimits> kLimitNames = {
    "actors", "streams", "address_streams", "address_registrations", "hello_seconds", "call_seconds", "strikes"};

// How often each was met.
class LimitsReached {
 public:
  uint64_t& operator[](Limit limit) { return counts_[static_cast<size_t>(limit)]; }
  const std::array<uint64_t, kLimits>& counts() const { return counts_; }

 private:
  std::array<uint64_t, kLimits> counts_{};
};

}  // namespace nmn::metrics
