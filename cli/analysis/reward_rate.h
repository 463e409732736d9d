#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nmn::analysis {

// The nondecreasing values that are nearest to `values` in least squares: isotonic regression by pooling adjacent
// violators (Barlow et al. 1972, "Statistical inference under order restrictions"). It needs no window and no
// bandwidth: where a curve rises with noise, it is the rise.
std::vector<double> Isotonic(std::span<const double> values);

// The mean over the second half of the steps: what a policy gets once it has adapted.
double FinalRate(std::span<const double> rewards);

// The first step at which the isotonic regression of `rewards` (mean reward at each step) is at least `share` of
// FinalRate. Nothing if FinalRate is not above 0, or it never is.
std::optional<uint32_t> StepUntil(std::span<const double> rewards, double share);

// The least step by which at least `share` of the episodes have come, of the steps at which each came there; nothing if
// fewer ever did. `share` in (0, 1].
std::optional<uint32_t> StepOfShare(std::vector<std::optional<uint32_t>> steps, double share);

}  // namespace nmn::analysis
