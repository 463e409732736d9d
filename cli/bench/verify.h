#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "cli/bench/benchmark.h"

namespace nmn::cli::bench {

// A figure is worth something only if the work was done. Before a pass, Forget fills what it will write with NaN;
// after it, CheckWritten is INTERNAL, with the row's name, where a NaN is left or everything is zero.
void Forget(std::span<float> results);
absl::Status CheckWritten(const std::string& row, std::span<const float> results);

// INTERNAL where the value is no positive number. UNAVAILABLE, since it may be right the next time, where it is above
// Result::at_most or gflops are above the ceiling of its threads. A tenth more passes: ceiling and figure are measured
// one after the other.
absl::Status CheckPossible(const Result& result, const Context& context);

}  // namespace nmn::cli::bench
