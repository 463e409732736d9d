#pragma once

#include <string>

#include "absl/status/status.h"
#include "cli/analysis/analysis.h"
#include "cli/report/style.h"

namespace nmn::analysis {

// The summary as one JSON object on one line, and as text for people.
std::string ToJson(const Analysis& analysis);
std::string ToTable(const Analysis& analysis);

// Writes into `out`, which exists:
//   analysis.json        the summary
//   episodes.csv         a row an episode: its task, its first hit, and returns of policy and rules
//   rewards.csv          a row a step of report::ShownSteps: mean rewards of policy and rules, and the regret so far
//   reward_by_task.csv   a row for each of the first `points` episodes at each of kShownSteps
//   signal.csv           a row for each z at each of kShownSteps
//   signal_by_task.csv   as reward_by_task.csv, with each z
//   drift.csv            Drift
// The last three only for a policy with z. Each file is replaced as a whole.
absl::Status WriteTables(const Analysis& analysis, uint32_t points, const std::string& out);

// Draws, from the same numbers:
//   signal_by_task.*     z and rewards against the task at kShownSteps (the paper's figure 3); without z the rewards
//   rewards.*            mean reward against the step within an episode, of policy and rules
//   signal.*             R^2 and Drift against the step, for a policy with z
// Errors are DrawScript's.
absl::Status DrawFigures(const Analysis& analysis, uint32_t points, const report::Style& style, const std::string& out);

}  // namespace nmn::analysis
