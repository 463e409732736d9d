#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/sweep/initial_weights.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::sweep {

// Slurm's default MaxArraySize allows array indices up to 1000.
inline constexpr size_t kMostRuns = 1000;

// --grid FIELD=VALUE,VALUE: a field of the config, and the values it takes.
struct Axis {
  std::string field;
  std::vector<std::string> values;  // "0.9"; of a list "[30,10]"

  bool operator==(const Axis&) const = default;
};

// Every benchmark with every architecture with every combination of the axes' values with every seed.
struct Block {
  std::vector<std::string> benchmarks;
  std::vector<std::string> architectures;
  std::vector<Axis> axes;
  std::vector<uint64_t> seeds;

  bool operator==(const Block&) const = default;
};

// Which runs a sweep has. It only grows, and only at its end. So a run keeps its index, by which a scheduler knows it.
struct Grid {
  std::vector<Block> blocks;  // blocks may overlap; a run of two blocks counts once
  std::string preset;
  std::optional<uint32_t> updates;  // the budget of each run; at most one of the two is set. None: the preset's
  std::optional<uint64_t> episodes;
  std::vector<std::string> assignments;     // --set
  bool scale_schedule = false;              // the schedule of each run is as long as its budget
  std::optional<InitialWeights> init_from;  // absent: every run begins with fresh weights
  // If the sweep is of a task of the user's own, which is then its only one: its TaskSpec as text. "" if its tasks
  // ship. It says what the task is and never where its code is.
  std::string task;

  bool operator==(const Grid&) const = default;
};

// One run of a sweep.
struct SweepRun {
  std::string name;                                         // "b1-nmn-s1", its directory within the sweep's
  std::vector<std::pair<std::string, std::string>> values;  // field and value of each axis
  v1::RunConfig config;
  bool chosen = true;  // whether this call is about it
};

// What a call says about the grid. What it leaves out stays as stored, or is the default of a new sweep.
struct GridRequest {
  std::vector<std::string> benchmarks;
  std::vector<std::string> architectures;
  std::vector<std::string> axes;  // as on the command line: "ppo.trace_decay=0.9,0.95"
  std::optional<std::string> seeds;
  std::optional<std::string> preset;
  std::optional<uint32_t> updates;
  std::optional<uint64_t> episodes;
  std::vector<std::string> assignments;
  bool scale_schedule = false;  // false: as stored
  std::optional<InitialWeights> init_from;
  std::string task;  // "": as stored

  bool operator==(const GridRequest&) const = default;
};

// The grid of a new sweep. INVALID_ARGUMENT names the flag and the legal values.
absl::StatusOr<Grid> NewGrid(const GridRequest& request);

// A stored grid with what the request adds to it; `chosen` are the names of the runs that the request speaks of.
struct Growth {
  Grid grid;
  std::vector<std::string> chosen;
};
// Takes each block with the request's benchmarks, architectures and seeds in place of its own, and with the request's
// axes in place of those of the same field, and adds it if it brings new runs. A larger budget replaces the stored one.
// A --set of a field that does not change weights (config::CountsInHash) replaces the stored one of that field, and
// runs have it from their next start on. FAILED_PRECONDITION: runs that exist would have to change; names each flag or
// field.
absl::StatusOr<Growth> Grow(const Grid& stored, const GridRequest& request);

// Those of --set that decide what a run's weights are (config::CountsInHash).
std::vector<std::string> Deciding(const std::vector<std::string>& assignments);

// A TaskSpec on one line, as Grid::task has it.
std::string TaskText(const v1::TaskSpec& task);

// The runs, block by block, in the order benchmark, architecture, values, seed. A run's place is its index in a
// scheduler's array. Every config is valid, and no two runs are the same experiment. INVALID_ARGUMENT names the flag
// and the legal values.
absl::StatusOr<std::vector<SweepRun>> Expand(const Grid& grid);

}  // namespace nmn::sweep
