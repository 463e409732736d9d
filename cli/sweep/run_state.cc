#include "cli/sweep/run_state.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "common/config/config.h"
#include "common/exit_code/exit_code.h"

namespace nmn::sweep {
namespace {

using nlohmann::json;

// More than the longest line of metrics.jsonl, twice: the last whole line is within it.
constexpr std::streamoff kTailBytes = 16 << 10;

json LastWholeLine(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return json();
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTailBytes));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t end = text.rfind('\n');
  if (end == std::string::npos || end == 0) return json();
  const size_t newline = text.rfind('\n', end - 1);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return json::parse(text.substr(begin, end - begin), nullptr, /*allow_exceptions=*/false);
}

json ReadJson(const std::string& path) {
  std::ifstream file(path);
  return file ? json::parse(file, nullptr, /*allow_exceptions=*/false) : json();
}

// Nothing where it is absent or of another type.
template <typename Value>
std::optional<Value> Get(const json& object, const char* key) {
  try {
    return object.at(key).get<Value>();
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

// Whether a process of this machine holds DIR/.lock, without touching the lock: a try would be seen by a learner that
// starts just then. proc(5): "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF", device in hexadecimal, then the inode.
bool IsLockedHere(const std::string& directory) {
  struct stat about {};
  if (stat((directory + "/.lock").c_str(), &about) != 0) return false;
  const std::string wanted = absl::StrFormat(" %02x:%02x:%d ", major(about.st_dev), minor(about.st_dev), about.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find(" FLOCK ") != std::string::npos && line.find("->") == std::string::npos &&
        line.find(wanted) != std::string::npos)
      return true;
  }
  return false;
}

std::optional<int> ReadExitCode(const std::string& path) {
  std::ifstream file(path);
  int code = 0;
  if (file >> code) return code;
  return std::nullopt;
}

}  // namespace

std::string ToString(State state) {
  switch (state) {
    case State::kWaiting:
      return "waiting";
    case State::kQueued:
      return "queued";
    case State::kRunning:
      return "running";
    case State::kInterrupted:
      return "interrupted";
    case State::kFailed:
      return "failed";
    case State::kDone:
      return "done";
  }
  return "unknown";
}

RunState ReadState(const SweepDirectory& sweep, const SweepRun& run) {
  const std::string directory = sweep.RunPath(run);
  RunState state;
  state.name = run.name;
  state.budget_updates = config::BudgetUpdates(run.config);
  state.exit_code = ReadExitCode(sweep.ExitPath(run));
  const json last = LastWholeLine(directory + "/metrics.jsonl");
  state.update = Get<uint32_t>(last, "update").value_or(0);
  state.discounted_return = Get<double>(last, "discounted_last_1000");
  state.seconds = Get<double>(last, "wall_seconds").value_or(0);
  const json summary = ReadJson(directory + "/summary.json");
  if (Get<bool>(summary, "complete").value_or(false)) {
    state.state = State::kDone;
    state.weights_sha256 = Get<std::string>(summary, "weights_sha256").value_or("");
  } else if (IsLockedHere(directory)) {
    state.state = State::kRunning;
  } else if (state.exit_code == kExitPermanent) {
    state.state = State::kFailed;
  } else if (state.update > 0) {
    state.state = State::kInterrupted;
  }
  return state;
}

std::vector<RunState> ReadStates(const SweepDirectory& sweep, const std::map<size_t, State>& scheduled) {
  std::vector<RunState> states;
  for (size_t index = 0; index < sweep.runs.size(); ++index) {
    RunState state = ReadState(sweep, sweep.runs[index]);
    const auto says = scheduled.find(index);
    if (says != scheduled.end() && state.state != State::kDone) state.state = says->second;
    if (state.state == State::kRunning && state.update > 0)
      state.seconds_left = state.seconds / state.update * (state.budget_updates - state.update);
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace nmn::sweep
