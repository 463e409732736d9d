#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/trajectory/trials.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::report {

// A line of metrics.jsonl, one an update; NaN where it has no such number.
struct UpdateRow {
  uint32_t update = 0;  // from 1, as the line says
  double wall_seconds = 0;
  double discounted_recent = 0;  // mean discounted return of the last 1000 episodes
};

// What the policy got when it was evaluated while training, from the line of the update after which it was.
struct Evaluation {
  size_t episodes = 0;  // of training, until then
  double return_mean = 0, discounted_mean = 0;
};

// Where a run's time went, from summary.json.
struct Phases {
  uint32_t updates = 0;
  double wall_seconds = 0;
  // By phase, kRestOfWall among them unless they overlap so much that their sum exceeds wall_seconds.
  std::map<std::string, double> seconds;
};

// What of the wall time no phase of summary.json has: the learner's start and end, and little between its phases.
inline constexpr const char kRestOfWall[] = "start_and_end";

// What figures need of one run directory, finished or still being written.
struct Run {
  std::string path;
  std::string run_id;  // empty where no file of the run says it
  v1::RunConfig config;
  // By the number of the episode since the beginning of training, as its update says; NaN where its row is lost.
  std::vector<double> returns;     // raw
  std::vector<double> discounted;  // likewise
  // metrics.jsonl: mean reward of an update's episodes at an in-episode step, one value an update; empty where it has
  // none.
  std::map<uint32_t, std::vector<double>> reward_at_step;
  // Likewise of a task with trials: returns by the number of the trial, of each update that has them.
  std::vector<std::map<uint32_t, trajectory::TrialFigure>> trials;
  std::vector<UpdateRow> updates;
  std::vector<Evaluation> evaluations;  // of eval.every_updates; no two after the same episode
  // Once summary.json is written.
  std::optional<double> wall_seconds;
  std::optional<Phases> phases;
  std::vector<std::string> notices;  // what is lost of its files, a sentence each
};

// Reads config.textproto, episodes.csv and, where they are there, metrics.jsonl and summary.json. A last line without
// its newline is being written and is left out. NOT_FOUND where it is no run directory; FAILED_PRECONDITION where it
// has no episode; DATA_LOSS names file and line: "runs/a/episodes.csv:7: ..".
absl::StatusOr<Run> ReadRun(const std::string& path);

}  // namespace nmn::report
