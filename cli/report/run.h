#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::report {

// What figures need of one run directory, finished or still being written.
struct Run {
  std::string path;
  v1::RunConfig config;
  std::vector<double> returns;     // raw, one an episode, in order
  std::vector<double> discounted;  // likewise
  // metrics.jsonl: mean reward of an update's episodes at an in-episode step, one value an update; empty where it has
  // none.
  std::map<uint32_t, std::vector<double>> reward_at_step;
};

// Reads config.textproto, episodes.csv and metrics.jsonl. A last line without its newline is being written and is left
// out. NOT_FOUND names the missing file; DATA_LOSS names file and line: "runs/a/episodes.csv:7: ..".
absl::StatusOr<Run> ReadRun(const std::string& path);

// `paths` with every folder that is no run directory, but holds some, replaced by those, in the order of their names.
std::vector<std::string> ExpandRunDirectories(const std::vector<std::string>& paths);

// Reads a whole file; NOT_FOUND names it.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace nmn::report
