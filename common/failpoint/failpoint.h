#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/failpoint/points.h"

// Faults at named points of production code, for tests: off by default, set when a process starts.
//
//   NMN_FAILPOINTS = point *( ";" point )
//   point          = name "=" [ when ":" ] action          name: of kPoints; the last of one name counts
//   when           = "1in:" N                              one hit in N, drawn from the seed and the hit's number
//                  | "hit:" K | "hit:" K "-" L             the K-th hit alone, or the K-th to the L-th, from 1
//   action         = "crash"                               SIGKILL to the own process
//                  | "delay:" milliseconds
//                  | "error:" CODE                         an absl status code by name: UNAVAILABLE, RESOURCE_EXHAUSTED
//                  ..
//   NMN_FAILPOINT_SEED = a whole number, 0 by default
//
// e.g. NMN_FAILPOINTS="checkpoint.save.renamed=hit:3:crash;ingest.acknowledge=1in:7:error:UNAVAILABLE".
namespace nmn::failpoint {

namespace internal {
inline std::atomic<bool> armed{false};
absl::Status HitArmed(Point point);
}  // namespace internal

// What is set for `point` happens now; the status is not OK only where an error is set there. One relaxed load where
// nothing is set anywhere. Thread-safe.
inline absl::Status Hit(Point point) {
  if (!internal::armed.load(std::memory_order_relaxed)) [[likely]]
    return absl::OkStatus();
  return internal::HitArmed(point);
}

// The same at a point that cannot fail (PointInfo::can_fail is false).
inline void Pass(Point point) {
  if (internal::armed.load(std::memory_order_relaxed)) [[unlikely]]
    internal::HitArmed(point).IgnoreError();
}

// Sets the faults of `specification` and none else; hits count from here. "" sets none. INVALID_ARGUMENT names the
// legal values, and nothing changes. Not while another thread hits a point.
absl::Status Arm(std::string_view specification, uint64_t seed);

// Arm from the environment, and a line on stderr if anything is set. First thing in a main.
absl::Status ArmFromEnvironment();

}  // namespace nmn::failpoint
