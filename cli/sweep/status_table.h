#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/sweep/run_state.h"

namespace nmn::sweep {

// How many runs are in each state, and how far all are together.
struct Totals {
  size_t runs = 0, done = 0, running = 0, waiting = 0, interrupted = 0, failed = 0;  // queued ones wait
  double fraction = 0;                                                               // of all updates
  std::optional<double> seconds_left;  // while some run: what is left of all, at the pace so far, `jobs` at a time
};

// `jobs`: how many run at once; 0: as many as run now.
Totals Sum(const std::vector<RunState>& states, size_t jobs = 0);

// "3/8 runs done, 2 running, 3 waiting": states that no run is in are left out.
std::string Counts(const Totals& totals);

// What `nmn sweep status` prints: a line a run with a progress bar, then the totals.
std::string Table(const std::vector<RunState>& states);

// The same as one JSON object on one line: {"runs": [{"name", "state", "update", ..}], "done": n, ..}.
std::string ToJsonLine(const std::vector<RunState>& states);

}  // namespace nmn::sweep
