#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/report/curves.h"
#include "cli/report/figure.h"
#include "cli/report/groups.h"
#include "cli/report/run.h"
#include "cli/report/style.h"
#include "common/trajectory/trials.h"

namespace nmn::report {

// The reward at every step within an episode: mean over episodes, and their sample standard deviation.
struct RewardByStep {
  uint32_t episodes = 0;
  std::vector<double> mean;
  std::vector<double> deviation;
  std::optional<trajectory::TrialCurve> trials = {};  // of a task that has them
};

// Plays evaluation episodes 0 .. episodes - 1 of seed 1, those of `nmn eval`, with the run's policy as it is now, in
// the environment it was trained in. An error if the run has no policy that can be read.
absl::StatusOr<RewardByStep> PlayRun(const Run& run, uint32_t episodes);

// Which steps a figure shows: each of the first hundred, then ever fewer, and the last.
std::vector<uint32_t> ShownSteps(uint32_t horizon);

// A logarithmic axis of the steps of an episode. Step t is drawn at t + 1, because such an axis has no 0.
void SetStepAxis(uint32_t horizon, Figure& figure);

struct Adaptation {
  std::vector<Run> runs;
  Grouping grouping;
  Options options;
  std::vector<std::optional<RewardByStep>> played;  // one a run; nothing where it was not played
};

// The rewards of a curve's policies at the steps that a figure shows (ShownSteps).
struct PlayedRewards {
  size_t runs = 0;        // that were played; 0: none, and the rest is empty
  uint32_t episodes = 0;  // of each
  std::vector<uint32_t> steps = {};
  std::vector<Spread> rewards = {};  // over runs, or over the episodes of a single run
};
// One a curve.
std::vector<PlayedRewards> PlayedCurves(const Adaptation& adaptation);

// Writes adaptation.csv: over the first and the last 1000 training episodes at the steps that metrics.jsonl has, and
// `played` at every step. FAILED_PRECONDITION: there are none of them. `out` exists.
absl::Status WriteAdaptation(const Adaptation& adaptation, const std::string& out);

// Draws adaptation.*: what was played, with its band over runs, or over the episodes of a single run, and the first
// 1000 training episodes beside it. If nothing was played, the last 1000 are there. Shorter runs have all of their
// episodes in both. Errors are those of DrawScript.
absl::Status DrawAdaptation(const Adaptation& adaptation, const std::string& out);

}  // namespace nmn::report
