#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/progress.h"
#include "cli/sweep/directory.h"

namespace nmn::sweep {

enum class State {
  kWaiting,  // nothing of it was started, no update was finished, or it did all that was asked before the sweep grew
  kQueued,   // a scheduler has it
  kRunning,  // a process holds its directory, or a scheduler says so
  kInterrupted,  // cut; goes on with the next call
  kFailed,       // ended with an exit code that says it cannot go on
  kDone,         // as many updates as the sweep asks for, or more
};
std::string ToString(State state);

struct RunState {
  std::string name;
  std::vector<std::pair<std::string, std::string>> values;  // field and value of each axis of the grid
  State state = State::kWaiting;
  uint32_t update = 0;
  uint32_t budget_updates = 0;
  std::optional<double> discounted_return;  // mean of the last 1000 episodes
  double seconds = 0;                       // of wall time, over restarts
  std::optional<double> seconds_left;       // while it runs, at its own pace so far
  std::optional<int> exit_code;             // of the last attempt that ended
  std::string weights_sha256;               // once it is done

  double fraction() const { return cli::Fraction(update, budget_updates); }
  // A run may have been taken past the sweep's budget by hand.
  uint32_t updates_left() const { return budget_updates - std::min(update, budget_updates); }
};

// How far the runs of a sweep are, from their files alone: the end of metrics.jsonl, summary.json, the exit code. Takes
// no lock, and a file that is absent or half-written says nothing. A look after the first reads only files that changed
// since, and the kernel's list of locks once for all runs. Used by one thread.
class StateReader {
 public:
  explicit StateReader(const SweepDirectory& sweep);
  ~StateReader();

  // Of all runs, by index. Those in `scheduled` are what a scheduler says, unless they are done.
  std::vector<RunState> Look(const std::map<size_t, State>& scheduled = {});
  // Files of runs that were opened so far.
  size_t files_read() const;

 private:
  class Run;

  std::vector<Run> runs_;
};

// One look.
std::vector<RunState> ReadStates(const SweepDirectory& sweep, const std::map<size_t, State>& scheduled = {});

}  // namespace nmn::sweep
