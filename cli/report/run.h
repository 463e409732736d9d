#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::report {

// A line of metrics.jsonl, one an update; NaN where it has no such number.
struct UpdateRow {
  uint32_t update = 0;  // from 1
  double wall_seconds = 0;
  double discounted_recent = 0;  // mean discounted return of the last 1000 episodes
};

// Where a run's time went, from summary.json.
struct Phases {
  uint32_t updates = 0;
  double wall_seconds = 0;
  std::map<std::string, double> seconds;  // by phase; may overlap, so their sum may exceed wall_seconds
};

// What figures need of one run directory, finished or still being written.
struct Run {
  std::string path;
  v1::RunConfig config;
  std::vector<double> returns;     // raw, one an episode, in order
  std::vector<double> discounted;  // likewise
  // metrics.jsonl: mean reward of an update's episodes at an in-episode step, one value an update; empty where it has
  // none.
  std::map<uint32_t, std::vector<double>> reward_at_step;
  std::vector<UpdateRow> updates;
  // Once summary.json is written.
  std::optional<double> wall_seconds;
  std::optional<Phases> phases;
};

// Reads config.textproto, episodes.csv, metrics.jsonl and, where it is there, summary.json. A last line without its
// newline is being written and is left out. NOT_FOUND names the missing file; DATA_LOSS names file and line:
// "runs/a/episodes.csv:7: ..".
absl::StatusOr<Run> ReadRun(const std::string& path);

// `paths` with every folder that is no run directory, but holds some, replaced by those, in the order of their names.
std::vector<std::string> ExpandRunDirectories(const std::vector<std::string>& paths);

}  // namespace nmn::report
