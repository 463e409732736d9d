#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::cli::bench {

using Pass = std::function<absl::Status()>;

// kThread: CPU time of the calling thread, for work of one thread, as the ceiling is measured; another process on the
// same core does not count. kWall: for work of several threads. kProcess: CPU time of all threads, to see how many
// cores they got.
enum class Clock { kThread, kWall, kProcess };
double Now(Clock clock);  // seconds from some moment

absl::StatusOr<double> Time(const Pass& pass, Clock clock);

struct Rounds {
  size_t least = 3;
  double budget_seconds = 2;  // no round begins later than this, once there are `least`
  Clock clock = Clock::kThread;
};

// Median seconds of each pass over rounds in which each runs once, in turn, so that a change of the machine's speed
// meets all of them.
absl::StatusOr<std::vector<double>> Interleave(std::span<const Pass> passes, const Rounds& rounds);

}  // namespace nmn::cli::bench
