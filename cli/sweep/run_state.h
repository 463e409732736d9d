#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/sweep/directory.h"

namespace nmn::sweep {

enum class State {
  kWaiting,      // nothing of it was started, or no update of it was finished
  kQueued,       // a scheduler has it
  kRunning,      // a process holds its directory, or a scheduler says so
  kInterrupted,  // cut; goes on with the next call
  kFailed,       // ended with an exit code that says it cannot go on
  kDone,
};
std::string ToString(State state);

struct RunState {
  std::string name;
  State state = State::kWaiting;
  uint32_t update = 0;
  uint32_t budget_updates = 0;
  std::optional<double> discounted_return;  // mean of the last 1000 episodes
  double seconds = 0;                       // of wall time, over restarts
  std::optional<double> seconds_left;       // while it runs, at its own pace so far
  std::optional<int> exit_code;             // of the last attempt that ended
  std::string weights_sha256;               // once it is done

  double fraction() const { return budget_updates == 0 ? 0 : static_cast<double>(update) / budget_updates; }
};

// How far a run is, from its files alone: reads the end of metrics.jsonl, summary.json, the exit code. Takes no lock,
// and a file that is absent or half-written says nothing.
RunState ReadState(const SweepDirectory& sweep, const SweepRun& run);

// Of all runs. Those in `scheduled` (by index) are what a scheduler says, unless they are done.
std::vector<RunState> ReadStates(const SweepDirectory& sweep, const std::map<size_t, State>& scheduled = {});

}  // namespace nmn::sweep
