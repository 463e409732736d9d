#include "cli/bench/verify.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace nmn::cli::bench {
namespace {

constexpr double kSlack = 1.1;

}  // namespace

void Forget(std::span<float> results) {
  std::fill(results.begin(), results.end(), std::numeric_limits<float>::quiet_NaN());
}

absl::Status CheckWritten(const std::string& row, std::span<const float> results) {
  if (!std::all_of(results.begin(), results.end(), [](float value) { return std::isfinite(value); })) {
    return absl::InternalError(absl::StrCat(row, ": a pass left results that are not finite, or wrote none"));
  }
  if (std::all_of(results.begin(), results.end(), [](float value) { return value == 0; })) {
    return absl::InternalError(absl::StrCat(row, ": the results of a pass are all zero"));
  }
  return absl::OkStatus();
}

absl::Status CheckPossible(const Result& result, const Context& context) {
  const auto refuse = [&](double value, const std::string& unit, double limit, const std::string& what) {
    return absl::UnavailableError(absl::StrCat(result.name, ": ", value, " ", unit, " is more than ", what, ", ", limit,
                                               "; measure again where nothing else runs"));
  };
  if (!std::isfinite(result.value) || result.value <= 0) {
    return absl::InternalError(absl::StrCat(result.name, ": ", result.value, " ", result.unit, " is no rate"));
  }
  if (result.at_most && result.value > kSlack * *result.at_most) {
    return refuse(result.value, result.unit, *result.at_most, "what its data or threads allow");
  }
  const double ceiling = context.ceiling_gflops * result.threads;
  if (result.gflops > kSlack * ceiling) return refuse(result.gflops, "GFLOP/s", ceiling, "the ceiling");
  return absl::OkStatus();
}

}  // namespace nmn::cli::bench
