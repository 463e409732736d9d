#include "cli/report/run.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fs/file_system.h"

namespace nmn::report {
namespace {

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
  return error == std::errc() && end == cell.data() + cell.size();
}

absl::Status ReadEpisodes(const std::string& file, Run& run) {
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (!text.ok()) return text.status();
  size_t return_column = 0, discounted_column = 0;
  return EachLine(*text, [&](std::string_view line, size_t number) {
    const std::vector<std::string_view> cells = Split(line);
    if (number == 1) {
      return_column = discounted_column = cells.size();
      for (size_t i = 0; i < cells.size(); ++i) {
        if (cells[i] == "return") return_column = i;
        if (cells[i] == "discounted_return") discounted_column = i;
      }
      if (return_column == cells.size() || discounted_column == cells.size()) {
        return absl::DataLossError(absl::StrCat(file, ":1: no columns return and discounted_return"));
      }
      return absl::OkStatus();
    }
    double value = 0, discounted = 0;
    if (cells.size() <= std::max(return_column, discounted_column) || !ParseNumber(cells[return_column], value) ||
        !ParseNumber(cells[discounted_column], discounted)) {
      return absl::DataLossError(absl::StrCat(file, ":", number, ": not a row of numbers like its header"));
    }
    run.returns.push_back(value);
    run.discounted.push_back(discounted);
    return absl::OkStatus();
  });
}

double NumberOf(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

absl::Status ReadMetrics(const std::string& file, Run& run) {
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (!text.ok()) return text.status();
  return EachLine(*text, [&](std::string_view line, size_t number) {
    const auto row = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!row.is_object()) return absl::DataLossError(absl::StrCat(file, ":", number, ": not a JSON object"));
    UpdateRow& update = run.updates.emplace_back();
    update.update = static_cast<uint32_t>(run.updates.size());
    update.wall_seconds = NumberOf(row, "wall_seconds");
    update.discounted_recent = NumberOf(row, "discounted_last_1000");
    const auto adaptation = row.find("adaptation");
    if (adaptation == row.end() || !adaptation->is_object()) return absl::OkStatus();
    for (const auto& [step, reward] : adaptation->items()) {
      uint32_t at = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), at);
      // "last" is the horizon's own last step.
      if (error != std::errc() || end != step.data() + step.size()) at = run.config.env().horizon() - 1;
      if (reward.is_number()) run.reward_at_step[at].push_back(reward.get<double>());
    }
    return absl::OkStatus();
  });
}

// summary.json is written when a run stops.
absl::Status ReadSummary(const std::string& file, Run& run) {
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  const auto summary = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!summary.is_object()) return absl::DataLossError(absl::StrCat(file, ": not a JSON object"));
  const double updates = NumberOf(summary, "updates"), wall_seconds = NumberOf(summary, "wall_seconds");
  if (wall_seconds > 0) run.wall_seconds = wall_seconds;
  const auto phases = summary.find("phase_seconds");
  const bool whole = phases != summary.end() && phases->is_object() && updates >= 1 && wall_seconds > 0;
  if (!whole) return absl::OkStatus();
  run.phases.emplace();
  run.phases->updates = static_cast<uint32_t>(updates);
  run.phases->wall_seconds = wall_seconds;
  for (const auto& [phase, seconds] : phases->items()) {
    if (seconds.is_number()) run.phases->seconds[phase] = seconds.get<double>();
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> ExpandRunDirectories(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> expanded;
  for (const std::string& path : paths) {
    std::vector<std::string> inside;
    std::error_code error;
    if (!fs::exists(path + "/config.textproto", error)) {
      for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
        if (fs::exists(entry.path() / "config.textproto", error)) inside.push_back(entry.path().string());
      }
    }
    if (inside.empty()) inside.push_back(path);
    std::sort(inside.begin(), inside.end());
    expanded.insert(expanded.end(), inside.begin(), inside.end());
  }
  return expanded;
}

absl::StatusOr<Run> ReadRun(const std::string& path) {
  Run run;
  run.path = path;
  while (run.path.size() > 1 && run.path.back() == '/') run.path.pop_back();
  const std::string config_file = run.path + "/config.textproto";
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(config_file);
  if (!text.ok()) {
    return absl::NotFoundError(absl::StrCat(path, " is no run directory: ", std::string(text.status().message())));
  }
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(nullptr);
  if (!parser.ParseFromString(*text, &run.config)) {
    return absl::DataLossError(absl::StrCat(config_file, ": not a RunConfig as text"));
  }
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
