#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::sweep {

// Slurm's default MaxArraySize allows array indices up to 1000.
inline constexpr size_t kMostRuns = 1000;

// Which runs a sweep has: every benchmark with every architecture with every seed, all else equal.
struct Grid {
  std::vector<std::string> benchmarks;
  std::vector<std::string> architectures;
  std::vector<uint64_t> seeds;
  std::string preset;
  std::optional<uint32_t> updates;  // budget; at most one of the two, else the preset's
  std::optional<uint64_t> episodes;
  std::vector<std::string> assignments;  // --set

  bool operator==(const Grid&) const = default;
};

// One run of a sweep.
struct SweepRun {
  std::string name;  // "b1-nmn-s1", its directory within the sweep's
  v1::RunConfig config;
};

// The runs in the order benchmark, architecture, seed; a run's place is its index in a scheduler's array. Every config
// is validated. INVALID_ARGUMENT names the flag and the legal values.
absl::StatusOr<std::vector<SweepRun>> Expand(const Grid& grid);

// Grids as text, "--seeds 1-4 instead of 1-8" for each difference; empty where they are equal.
std::vector<std::string> Differences(const Grid& stored, const Grid& asked);

}  // namespace nmn::sweep
