#include "cli/bench/timing.h"

#include <time.h>

#include <algorithm>

namespace nmn::cli::bench {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

}  // namespace

double Now(Clock clock) {
  const clockid_t id = clock == Clock::kThread    ? CLOCK_THREAD_CPUTIME_ID
                       : clock == Clock::kProcess ? CLOCK_PROCESS_CPUTIME_ID
                                                  : CLOCK_MONOTONIC;
  timespec now;
  clock_gettime(id, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

absl::StatusOr<double> Time(const Pass& pass, Clock clock) {
  const double start = Now(clock);
  if (absl::Status status = pass(); !status.ok()) return status;
  return Now(clock) - start;
}

absl::StatusOr<std::vector<double>> Interleave(std::span<const Pass> passes, const Rounds& rounds) {
  std::vector<std::vector<double>> seconds(passes.size());
  const double start = Now(Clock::kWall);
  for (size_t round = 0; round < rounds.least || Now(Clock::kWall) - start < rounds.budget_seconds; ++round) {
    for (size_t i = 0; i < passes.size(); ++i) {
      const absl::StatusOr<double> one = Time(passes[i], rounds.clock);
      if (!one.ok()) return one.status();
      seconds[i].push_back(*one);
    }
  }
  std::vector<double> medians;
  for (const std::vector<double>& all : seconds) medians.push_back(Median(all));
  return medians;
}

}  // namespace nmn::cli::bench
