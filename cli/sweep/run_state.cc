#include "cli/sweep/run_state.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/exit_code/exit_code.h"
#include "common/fs/file_system.h"

namespace nmn::sweep {
namespace {

using nlohmann::json;

// More than the longest line of metrics.jsonl, twice: the last whole line is within it.
constexpr uint64_t kTailBytes = 16 << 10;

json LastWholeLine(const std::string& path) {
  fs::FileSystem& fs = fs::RealFileSystem();
  const absl::StatusOr<uint64_t> size = fs.Size(path);
  if (!size.ok()) return json();
  const absl::StatusOr<std::string> text = fs.ReadPart(path, *size - std::min(*size, kTailBytes), kTailBytes);
  if (!text.ok()) return json();
  const size_t end = text->rfind('\n');
  if (end == std::string::npos || end == 0) return json();
  const size_t newline = text->rfind('\n', end - 1);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return json::parse(text->substr(begin, end - begin), nullptr, /*allow_exceptions=*/false);
}

json ReadJson(const std::string& path) {
  const absl::StatusOr<std::string> text = fs::RealFileSystem().Read(path);
  return text.ok() ? json::parse(*text, nullptr, /*allow_exceptions=*/false) : json();
}

// Nothing if it is absent, of another type, or no whole number of that size where one is asked for.
template <typename Value>
std::optional<Value> Get(const json& object, const char* key) {
  try {
    if constexpr (std::is_integral_v<Value>) {
      const json& number = object.at(key);
      if (!number.is_number_unsigned() || number.get<uint64_t>() > std::numeric_limits<Value>::max())
        return std::nullopt;
    }
    return object.at(key).get<Value>();
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::string Holder(const std::string& pid, uint64_t inode) { return absl::StrCat("process ", pid, " of ", inode); }

// The locks on files that processes of this machine hold: each as "device:inode", and as its Holder. Read, not tried: a
// try would be seen by a learner that starts just then. proc(5): "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF",
// device in hexadecimal.
std::set<std::string> HeldLocks() {
  std::set<std::string> held;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find(" FLOCK ") == std::string::npos || line.find("->") != std::string::npos) continue;
    std::istringstream words(line);
    std::string word, pid;
    for (int i = 0; i < 5; ++i) words >> pid;
    words >> word;
    held.insert(word);
    uint64_t inode = 0;
    if (absl::SimpleAtoi(word.substr(word.rfind(':') + 1), &inode)) held.insert(Holder(pid, inode));
  }
  return held;
}

// Whoever holds the lock has written its number into the file. Where files lie in layers, as in a container,
// /proc/locks has the device of the layer below.
bool IsLocked(const std::string& directory, const std::set<std::string>& held) {
  const std::string file = directory + "/.lock";
  struct stat about {};
  if (held.empty() || stat(file.c_str(), &about) != 0) return false;
  if (held.contains(absl::StrFormat("%02x:%02x:%d", major(about.st_dev), minor(about.st_dev), about.st_ino)))
    return true;
  const absl::StatusOr<std::string> pid = fs::RealFileSystem().Read(file);
  return pid.ok() && held.contains(Holder(std::string(absl::StripAsciiWhitespace(*pid)), about.st_ino));
}

// Tells a file's content from another without reading it. All 0 if there is no file.
struct Version {
  uint64_t inode = 0;
  int64_t bytes = 0, changed_s = 0, changed_ns = 0;

  bool operator==(const Version&) const = default;
};

Version VersionOf(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return Version();
  return {about.st_ino, about.st_size, about.st_ctim.tv_sec, about.st_ctim.tv_nsec};
}

std::optional<int> ReadExitCode(const std::string& path) {
  const absl::StatusOr<std::string> text = fs::RealFileSystem().Read(path);
  int code = 0;
  if (text.ok() && absl::SimpleAtoi(*text, &code)) return code;
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

// What one run's files say, each read when it changed.
class StateReader::Run {
 public:
  Run(const SweepDirectory& sweep, const SweepRun& run)
      : directory_(sweep.RunPath(run)), exit_path_(sweep.ExitPath(run)) {
    seen_.name = run.name;
    seen_.values = run.values;
    seen_.budget_updates = config::BudgetUpdates(run.config);
    config_hash_ = Hex(config::Hash(run.config));
  }

  RunState Look(const std::set<std::string>& held_locks) {
    if (Changed(exit_path_, exit_)) seen_.exit_code = ReadExitCode(exit_path_);
    const std::string metrics = directory_ + "/metrics.jsonl", summary = directory_ + "/summary.json";
    if (Changed(metrics, metrics_)) {
      const json last = LastWholeLine(metrics);
      seen_.update = Get<uint32_t>(last, "update").value_or(0);
      seen_.discounted_return = Get<double>(last, "discounted_last_1000");
      seen_.seconds = Get<double>(last, "wall_seconds").value_or(0);
    }
    if (Changed(summary, summary_)) {
      const json whole = ReadJson(summary);
      // What was completed with less than the sweep's budget goes on; what was taken further by hand is done.
      const uint32_t updates = Get<uint32_t>(whole, "updates").value_or(0);
      // One whose end could not be saved goes on from its last checkpoint.
      const uint32_t saved = Get<uint32_t>(whole, "checkpoint_update").value_or(updates);
      // Another run under this name is not it; the next call of the sweep fails there and says how they differ.
      const bool same = Get<std::string>(whole, "config_hash").value_or(config_hash_) == config_hash_;
      done_ = same && std::min(saved, updates) >= seen_.budget_updates;
      hash_ = Get<std::string>(whole, "weights_sha256").value_or("");
    }
    RunState state = seen_;
    if (done_) {
      state.state = State::kDone;
      state.weights_sha256 = hash_;
    } else if (IsLocked(directory_, held_locks)) {
      state.state = State::kRunning;
    } else if (state.exit_code == kExitPermanent) {
      state.state = State::kFailed;
    } else if (state.update > 0 && state.exit_code != kExitDone) {
      state.state = State::kInterrupted;
    }
    return state;
  }

  size_t files_read() const { return files_read_; }

 private:
  bool Changed(const std::string& path, std::optional<Version>& last) {
    const Version now = VersionOf(path);
    if (last == now) return false;
    last = now;
    files_read_ += now != Version();
    return true;
  }

  const std::string directory_, exit_path_;
  std::optional<Version> exit_, metrics_, summary_;
  RunState seen_;  // but for the state
  bool done_ = false;
  std::string config_hash_;  // of the sweep's config, as summary.json has it
  std::string hash_;
  size_t files_read_ = 0;
};

StateReader::StateReader(const SweepDirectory& sweep) {
  runs_.reserve(sweep.runs.size());
  for (const SweepRun& run : sweep.runs) runs_.emplace_back(sweep, run);
}

StateReader::~StateReader() = default;

std::vector<RunState> StateReader::Look(const std::map<size_t, State>& scheduled) {
  const std::set<std::string> held_locks = HeldLocks();
  std::vector<RunState> states;
  for (size_t index = 0; index < runs_.size(); ++index) {
    RunState state = runs_[index].Look(held_locks);
    const auto says = scheduled.find(index);
    if (says != scheduled.end() && state.state != State::kDone) state.state = says->second;
    if (state.state == State::kRunning && state.update > 0)
      state.seconds_left = state.seconds / state.update * state.updates_left();
    states.push_back(std::move(state));
  }
  return states;
}

size_t StateReader::files_read() const {
  size_t files = 0;
  for (const Run& run : runs_) files += run.files_read();
  return files;
}

std::vector<RunState> ReadStates(const SweepDirectory& sweep, const std::map<size_t, State>& scheduled) {
  return StateReader(sweep).Look(scheduled);
}

}  // namespace nmn::sweep
