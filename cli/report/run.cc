#include "cli/report/run.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/no_run.h"
#include "common/config/config.h"
#include "common/fs/file_system.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/checkpoint/layout.h"
#include "nmn/v1/checkpoint.pb.h"

namespace nmn::report {
namespace {

// More than any run plays: a row that says so is damaged.
constexpr double kMostEpisodes = 1e8;

// Calls `visit(line, number)` for each whole line, numbers from 1; ends at the first error.
template <typename Visit>
absl::Status EachLine(std::string_view text, Visit visit) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    if (absl::Status status = visit(text.substr(0, end), number); !status.ok()) return status;
    text.remove_prefix(end + 1);
  }
  return absl::OkStatus();
}

std::vector<std::string_view> Split(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

bool ParseNumber(std::string_view cell, double& value) {
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() && std::isfinite(value);
}

// The columns of episodes.csv that are read.
struct EpisodeColumns {
  static constexpr std::array<std::string_view, 4> kNames = {"update", "episode", "return", "discounted_return"};
  std::array<size_t, 4> at{};
};

std::optional<EpisodeColumns> FindColumns(const std::vector<std::string_view>& header) {
  EpisodeColumns columns;
  for (size_t i = 0; i < columns.at.size(); ++i) {
    const auto found = std::find(header.begin(), header.end(), EpisodeColumns::kNames[i]);
    if (found == header.end()) return std::nullopt;
    columns.at[i] = found - header.begin();
  }
  return columns;
}

// FAILED_PRECONDITION is of a run that has no episode yet, not of a directory in the place of a file.
absl::StatusOr<std::string> ReadFile(const std::string& file) {
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (absl::IsFailedPrecondition(text.status())) return absl::DataLossError(text.status().message());
  return text;
}

absl::Status CheckBudget(const Run& run, double update, const std::string& where) {
  const uint32_t budget = config::BudgetUpdates(run.config);
  if (budget == 0 || update <= budget) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrFormat("%s: update %.15g is beyond the run's budget of %d", where, update, budget));
}

// Puts each row where its update says, so that an episode keeps its place when rows before it are lost.
absl::Status ReadEpisodes(const std::string& file, Run& run) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();  // written after the first update
  if (!text.ok()) return text.status();
  const uint64_t per_update = run.config.ppo().episodes_per_update();
  EpisodeColumns columns;
  return EachLine(*text, [&](std::string_view line, size_t number) {
    const std::vector<std::string_view> cells = Split(line);
    if (number == 1) {
      const std::optional<EpisodeColumns> found = FindColumns(cells);
      if (!found)
        return absl::DataLossError(absl::StrCat(file, ":1: no columns update, episode, return and discounted_return"));
      columns = *found;
      return absl::OkStatus();
    }
    std::array<double, 4> row{};
    for (size_t i = 0; i < row.size(); ++i) {
      if (columns.at[i] >= cells.size() || !ParseNumber(cells[columns.at[i]], row[i]))
        return absl::DataLossError(absl::StrCat(file, ":", number, ": not a row of numbers like its header"));
    }
    if (absl::Status status = CheckBudget(run, row[0], absl::StrCat(file, ":", number)); !status.ok()) return status;
    if (per_update > 0 && !(row[1] >= 0 && row[1] < static_cast<double>(per_update))) {
      return absl::DataLossError(absl::StrCat(file, ":", number, ": episode ", std::string(cells[columns.at[1]]),
                                              " is none of the ", per_update, " of an update"));
    }
    const double place = per_update == 0 ? static_cast<double>(run.returns.size()) : (row[0] - 1) * per_update + row[1];
    if (!(row[0] >= 1) || !(place >= static_cast<double>(run.returns.size())) || place >= kMostEpisodes)
      return absl::DataLossError(absl::StrCat(file, ":", number, ": update ", std::string(cells[columns.at[0]]),
                                              ", episode ", std::string(cells[columns.at[1]]),
                                              " does not come after the row before it"));
    const size_t index = static_cast<size_t>(place);
    if (index > run.returns.size()) {
      run.notices.push_back(absl::StrCat(file, ":", number, ": the episodes ", run.returns.size() + 1, " to ", index,
                                         " are missing before update ", std::string(cells[columns.at[0]]),
                                         ": the file was cut or replaced while the run went on; they are left out, the "
                                         "others stay in their place"));
      run.returns.resize(index, std::numeric_limits<double>::quiet_NaN());
      run.discounted.resize(index, std::numeric_limits<double>::quiet_NaN());
    }
    run.returns.push_back(row[2]);
    run.discounted.push_back(row[3]);
    return absl::OkStatus();
  });
}

double NumberOf(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

void ReadEvaluation(const nlohmann::json& row, uint32_t update, Run& run) {
  const auto found = row.find("evaluation");
  if (found == row.end() || !found->is_object()) return;
  const Evaluation evaluation{size_t{update} * run.config.ppo().episodes_per_update(), NumberOf(*found, "return_mean"),
                              NumberOf(*found, "discounted_mean")};
  if (std::isfinite(evaluation.return_mean) && std::isfinite(evaluation.discounted_mean))
    run.evaluations.push_back(evaluation);
}

// "last" and "cut" are of no one number.
void ReadTrials(const nlohmann::json& row, Run& run) {
  const auto found = row.find("trials");
  if (found == row.end() || !found->is_object()) return;
  std::map<uint32_t, trajectory::TrialFigure>& trials = run.trials.emplace_back();
  for (const auto& [name, figure] : found->items()) {
    uint32_t trial = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), trial);
    if (error != std::errc() || end != name.data() + name.size() || !figure.is_object()) continue;
    const double mean = NumberOf(figure, "return_mean"), episodes = NumberOf(figure, "episodes");
    if (std::isfinite(mean) && episodes >= 1 && episodes <= kMostEpisodes)
      trials[trial] = {.episodes = static_cast<uint64_t>(episodes), .mean = mean};
  }
}

absl::Status ReadMetrics(const std::string& file, Run& run) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) {
    run.notices.push_back(absl::StrCat(file, " is missing: what it took to reach a return is not known"));
    return absl::OkStatus();
  }
  if (!text.ok()) return text.status();
  return EachLine(*text, [&](std::string_view line, size_t number) {
    const auto row = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!row.is_object()) return absl::DataLossError(absl::StrCat(file, ":", number, ": not a JSON object"));
    const double at = NumberOf(row, "update");
    const uint32_t expected = run.updates.empty() ? 1 : run.updates.back().update + 1;
    if (!(at >= expected && at <= std::numeric_limits<uint32_t>::max())) {
      return absl::DataLossError(
          absl::StrCat(file, ":", number, ": its update does not come after the line before it"));
    }
    if (absl::Status status = CheckBudget(run, at, absl::StrCat(file, ":", number)); !status.ok()) return status;
    if (at > expected) {
      run.notices.push_back(absl::StrCat(file, ":", number, ": the updates ", expected, " to ",
                                         static_cast<uint32_t>(at) - 1,
                                         " are missing: the file was cut or replaced while the run went on; what was "
                                         "reached in them is not known"));
    }
    UpdateRow& update = run.updates.emplace_back();
    update.update = static_cast<uint32_t>(at);
    update.wall_seconds = NumberOf(row, "wall_seconds");
    update.discounted_recent = NumberOf(row, "discounted_last_1000");
    ReadEvaluation(row, update.update, run);
    ReadTrials(row, run);
    const auto adaptation = row.find("adaptation");
    if (adaptation == row.end() || !adaptation->is_object()) return absl::OkStatus();
    for (const auto& [step, reward] : adaptation->items()) {
      uint32_t at = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), at);
      // "last" is the last step of an episode of training.
      if (error != std::errc() || end != step.data() + step.size()) at = config::RolloutSteps(run.config) - 1;
      if (reward.is_number()) run.reward_at_step[at].push_back(reward.get<double>());
    }
    return absl::OkStatus();
  });
}

// summary.json is written when a run stops.
absl::Status ReadSummary(const std::string& file, Run& run) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  const auto summary = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!summary.is_object()) return absl::DataLossError(absl::StrCat(file, ": not a JSON object"));
  const double updates = NumberOf(summary, "updates"), wall_seconds = NumberOf(summary, "wall_seconds");
  if (wall_seconds > 0) run.wall_seconds = wall_seconds;
  if (const auto id = summary.find("run_id"); run.run_id.empty() && id != summary.end() && id->is_string())
    run.run_id = id->get<std::string>();
  if (const double episodes = NumberOf(summary, "episodes");
      episodes > static_cast<double>(run.returns.size()) && episodes <= kMostEpisodes) {
    run.notices.push_back(absl::StrCat(run.path, "/episodes.csv ends at episode ", run.returns.size(), ", and ", file,
                                       " counts ", static_cast<uint64_t>(episodes), ": its end is lost"));
  }
  if (const uint32_t last = run.updates.empty() ? 0 : run.updates.back().update;
      last != 0 && updates > last && updates <= std::numeric_limits<uint32_t>::max()) {
    run.notices.push_back(absl::StrCat(run.path, "/metrics.jsonl ends at update ", last, ", and ", file, " counts ",
                                       static_cast<uint32_t>(updates),
                                       ": its end is lost; what was reached there is not known"));
  }
  const auto phases = summary.find("phase_seconds");
  const bool whole = phases != summary.end() && phases->is_object() && updates >= 1 &&
                     updates <= std::numeric_limits<uint32_t>::max() && wall_seconds > 0;
  if (!whole) return absl::OkStatus();
  run.phases.emplace();
  run.phases->updates = static_cast<uint32_t>(updates);
  run.phases->wall_seconds = wall_seconds;
  for (const auto& [phase, seconds] : phases->items()) {
    if (seconds.is_number()) run.phases->seconds[phase] = seconds.get<double>();
  }
  double rest = wall_seconds;
  for (const auto& [phase, seconds] : run.phases->seconds) rest -= seconds;
  if (rest > 0) run.phases->seconds[kRestOfWall] = rest;
  return absl::OkStatus();
}

// The run that the newest checkpoint belongs to; empty if none can be read.
std::string IdOfCheckpoint(const std::string& path) {
  fs::FileSystem& fs = fs::RealFileSystem();
  const std::string checkpoints = path + "/checkpoints/";
  const absl::StatusOr<std::vector<std::string>> names = fs.List(checkpoints);
  if (!names.ok()) return "";
  for (const std::string& folder : checkpoint::CompletedFolders(*names)) {
    const absl::StatusOr<std::string> bytes = fs.Read(absl::StrCat(checkpoints, folder, "/", checkpoint::kState));
    v1::CheckpointState state;
    if (bytes.ok() && state.ParseFromString(*bytes) && !state.run_id().empty()) return state.run_id();
  }
  return "";
}

}  // namespace

absl::StatusOr<Run> ReadRun(const std::string& path) {
  Run run;
  run.path = path;
  while (run.path.size() > 1 && run.path.back() == '/') run.path.pop_back();
  const std::string config_file = run.path + "/config.textproto";
  absl::StatusOr<std::string> text = ReadFile(config_file);
  if (absl::IsPermissionDenied(text.status())) return text.status();
  if (std::error_code error; !text.ok() && !std::filesystem::exists(config_file, error))
    return absl::NotFoundError(NoRun(path));
  if (!text.ok()) return text.status();
  absl::StatusOr<v1::RunConfig> config = config::ParseStored(*text, config_file);
  if (!config.ok()) return config.status();
  run.config = *std::move(config);
  run.run_id = IdOfCheckpoint(run.path);
  if (absl::Status status = ReadEpisodes(run.path + "/episodes.csv", run); !status.ok()) return status;
  if (run.returns.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(run.path, "/episodes.csv has no episode yet: wait for the first update"));
  }
  absl::Status metrics = ReadMetrics(run.path + "/metrics.jsonl", run);
  if (!metrics.ok()) return metrics;
  if (absl::Status summary = ReadSummary(run.path + "/summary.json", run); !summary.ok()) return summary;
  return run;
}

}  // namespace nmn::report
