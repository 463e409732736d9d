#include "cli/sweep/directory.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/sweep/seeds.h"
#include "common/config/config.h"

namespace nmn::sweep {
namespace {

using nlohmann::ordered_json;

constexpr int kFormat = 1;

std::string ToJson(const Grid& grid) {
  ordered_json json;
  json["format"] = kFormat;
  json["benchmarks"] = grid.benchmarks;
  json["architectures"] = grid.architectures;
  json["seeds"] = FormatSeeds(grid.seeds);
  json["preset"] = grid.preset;
  json["updates"] = grid.updates ? ordered_json(*grid.updates) : ordered_json(nullptr);
  json["episodes"] = grid.episodes ? ordered_json(*grid.episodes) : ordered_json(nullptr);
  json["set"] = grid.assignments;
  return json.dump(2) + "\n";
}

absl::StatusOr<Grid> FromJson(const std::string& text, const std::string& file) {
  const ordered_json json = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::DataLossError(absl::StrCat(file, " is no JSON object"));
  if (json.value("format", ordered_json()) != kFormat)
    return absl::FailedPreconditionError(
        absl::StrCat(file, ": format is ", json.value("format", ordered_json()).dump(), "; this nmn reads ", kFormat));
  try {
    Grid grid;
    json.at("benchmarks").get_to(grid.benchmarks);
    json.at("architectures").get_to(grid.architectures);
    absl::StatusOr<std::vector<uint64_t>> seeds = ParseSeeds(json.at("seeds").get<std::string>());
    if (!seeds.ok()) return absl::DataLossError(absl::StrCat(file, ": ", seeds.status().message()));
    grid.seeds = *std::move(seeds);
    json.at("preset").get_to(grid.preset);
    if (!json.at("updates").is_null()) grid.updates = json["updates"].get<uint32_t>();
    if (!json.at("episodes").is_null()) grid.episodes = json["episodes"].get<uint64_t>();
    json.at("set").get_to(grid.assignments);
    return grid;
  } catch (const ordered_json::exception& error) {
    return absl::DataLossError(absl::StrCat(file, ": ", error.what()));
  }
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::weakly_canonical(path, error);
  std::string text = error ? path : absolute.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

absl::StatusOr<SweepDirectory> Read(const std::string& path) {
  SweepDirectory sweep;
  sweep.path = Absolute(path);
  const std::string file = sweep.path + "/sweep.json";
  absl::StatusOr<bool> exists = fs::RealFileSystem().Exists(file);
  if (!exists.ok()) return exists.status();
  if (!*exists)
    return absl::NotFoundError(
        absl::StrCat(path, " is no sweep (it has no sweep.json); begin one with --benchmark and --seeds"));
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<Grid> grid = FromJson(*text, file);
  if (!grid.ok()) return grid.status();
  sweep.grid = *std::move(grid);
  absl::StatusOr<std::vector<SweepRun>> runs = Expand(sweep.grid);
  if (!runs.ok()) return absl::DataLossError(absl::StrCat(file, ": ", runs.status().message()));
  sweep.runs = *std::move(runs);
  return sweep;
}

absl::StatusOr<SweepDirectory> Create(const std::string& path, const Grid& grid) {
  fs::FileSystem& fs = fs::RealFileSystem();
  absl::StatusOr<std::vector<SweepRun>> runs = Expand(grid);
  if (!runs.ok()) return runs.status();
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (exists && !std::filesystem::is_directory(path, error))
    return absl::FailedPreconditionError(absl::StrCat(path, " is no directory; choose a new or empty one"));
  absl::StatusOr<SweepDirectory> stored = Read(path);
  if (stored.ok()) {
    const std::vector<std::string> differences = Differences(stored->grid, grid);
    if (differences.empty()) return stored;
    return absl::FailedPreconditionError(absl::StrCat(path, " holds another sweep: ", absl::StrJoin(differences, "; "),
                                                      "; go on with it by `nmn sweep ", path,
                                                      "` alone, or choose another directory"));
  }
  if (!absl::IsNotFound(stored.status())) return stored.status();
  if (exists && !std::filesystem::is_empty(path, error))
    return absl::FailedPreconditionError(
        absl::StrCat(path, " has other files and no sweep.json; choose a new or empty directory"));
  if (absl::Status status = fs.CreateDirectories(path); !status.ok()) return status;
  if (absl::Status status = fs::WriteAtomically(fs, path + "/sweep.json", ToJson(grid)); !status.ok()) return status;
  return Read(path);
}

absl::Status WriteDerived(const SweepDirectory& sweep) {
  fs::FileSystem& fs = fs::RealFileSystem();
  for (const char* folder : {"/configs", "/logs"}) {
    if (absl::Status status = fs.CreateDirectories(sweep.path + folder); !status.ok()) return status;
  }
  std::string names;
  for (const SweepRun& run : sweep.runs) {
    absl::StrAppend(&names, run.name, "\n");
    const std::string text = config::Print(run.config);
    const absl::StatusOr<std::string> there = fs.Read(sweep.ConfigPath(run));
    if (there.ok() && *there == text) continue;
    if (absl::Status status = fs::WriteAtomically(fs, sweep.ConfigPath(run), text); !status.ok()) return status;
  }
  return fs::WriteAtomically(fs, sweep.path + "/runs.txt", names);
}

absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> Lock(const SweepDirectory& sweep) {
  absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = fs::DirectoryLock::Acquire(sweep.path);
  if (absl::IsFailedPrecondition(lock.status()))
    return absl::UnavailableError(
        absl::StrCat("another nmn sweep works on ", sweep.path, "; see nmn sweep status ", sweep.path));
  return lock;
}

}  // namespace nmn::sweep
