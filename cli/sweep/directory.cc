#include "cli/sweep/directory.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/sweep/kubernetes.h"
#include "cli/sweep/slurm.h"
#include "cli/sweep/sweep_json.h"
#include "common/config/config.h"
#include "common/env/brought.h"
#include "common/fs/folders_below.h"
#include "common/fs/own_file.h"
#include "common/text/counted.h"
#include "common/text/quiet_parse.h"

namespace nmn::sweep {
namespace {

std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  std::string text = error ? path : absolute.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

// Whether a sweep may begin here. A lock, and the weights of this very sweep, are what a call left that was cut before
// it wrote sweep.json.
absl::Status CheckFree(const std::string& path, const GridRequest& request) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return absl::OkStatus();
  absl::StatusOr<std::vector<std::string>> names = fs::RealFileSystem().List(path);
  if (!names.ok()) return names.status();
  std::erase(*names, ".lock");
  std::erase_if(*names, fs::IsTemporary);  // of a first call that was killed
  if (request.init_from && ReadCopy(path, *request.init_from).ok()) std::erase(*names, kInitialWeights);
  if (names->empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " has other files and no sweep.json; choose a new or empty directory"));
}

absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> Lock(const std::string& path) {
  absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = fs::DirectoryLock::Acquire(path, "nmn sweep");
  if (absl::IsFailedPrecondition(lock.status()))
    return absl::UnavailableError(absl::StrCat(std::string(lock.status().message()), "; see nmn sweep status ", path));
  return lock;
}

// Reads the weights that the runs begin with, if nobody has, and checks that all runs can begin with them.
absl::Status CheckWeights(SweepDirectory& sweep) {
  if (!sweep.grid.init_from) return absl::OkStatus();
  if (sweep.grid.init_from->policy == nullptr) {
    absl::StatusOr<InitialWeights> copy = ReadCopy(sweep.path, *sweep.grid.init_from);
    if (!copy.ok()) return copy.status();
    sweep.grid.init_from = *std::move(copy);
  }
  return CheckFit(*sweep.grid.init_from, sweep.runs);
}

// Whether the engine can take these runs in this place.
absl::Status CheckTogether(const SweepDirectory& sweep) {
  if (sweep.engine.name == "slurm") return CheckPath(sweep);
  if (sweep.engine.name != "kubernetes") return absl::OkStatus();
  // Kubernetes' runs see no file of this machine but their configs.
  if (sweep.grid.init_from)
    return absl::InvalidArgumentError("--init_from is for --engine=local and slurm; this is --engine=kubernetes");
  return CheckConfigMap(sweep);
}

// The runs of a task of the user's own are known by its spec, whoever asks. A task that was brought is compared with it
// when the grid grows.
absl::Status KnowTask(const Grid& grid, const std::string& file) {
  if (grid.task.empty() || env::Brought() != nullptr) return absl::OkStatus();
  v1::TaskSpec spec;
  if (!text::QuietParse(grid.task, spec)) return absl::DataLossError(absl::StrCat(file, ": its task cannot be read"));
  return env::BringSpec(spec);
}

// The grid of `stored` with what the request adds, and its runs.
absl::StatusOr<OpenSweep> Grown(const SweepDirectory& stored, const GridRequest& request) {
  absl::StatusOr<Growth> growth = Grow(stored.grid, request);
  if (absl::IsFailedPrecondition(growth.status()))
    return absl::FailedPreconditionError(absl::StrCat(
        stored.path, " holds another sweep, and what was trained cannot become: ", growth.status().message(),
        "; leave that out, or choose another directory"));
  if (!growth.ok()) return growth.status();
  OpenSweep open;
  open.sweep = stored;
  open.sweep.grid = growth->grid;
  absl::StatusOr<std::vector<SweepRun>> runs = Expand(growth->grid);
  if (!runs.ok()) return runs.status();
  open.sweep.runs = *std::move(runs);
  // A copy that is gone comes back.
  if (request.init_from) open.sweep.grid.init_from->policy = request.init_from->policy;
  if (absl::Status status = CheckWeights(open.sweep); !status.ok()) return status;
  const std::set<std::string> chosen(growth->chosen.begin(), growth->chosen.end());
  for (SweepRun& run : open.sweep.runs) run.chosen = chosen.contains(run.name);
  if (const size_t more = open.sweep.runs.size() - stored.runs.size(); more > 0)
    open.growth = absl::StrCat(text::Counted(more, "more run"), ", ", open.sweep.runs.size(), " in all");
  const uint32_t before = config::BudgetUpdates(stored.runs[0].config);
  const uint32_t after = config::BudgetUpdates(open.sweep.runs[0].config);
  if (after > before)
    absl::StrAppend(&open.growth, open.growth.empty() ? "" : "; ", "a budget of ", text::Counted(after, "update"),
                    " instead of ", before);
  const std::vector<std::string>& had = stored.grid.assignments;
  for (const std::string& assignment : open.sweep.grid.assignments) {
    if (std::find(had.begin(), had.end(), assignment) == had.end())
      absl::StrAppend(&open.change, open.change.empty() ? "" : " ", "--set ", assignment);
  }
  return open;
}

absl::StatusOr<OpenSweep> Made(const std::string& path, const GridRequest& request) {
  absl::StatusOr<Grid> grid = NewGrid(request);
  if (!grid.ok()) return grid.status();
  absl::StatusOr<std::vector<SweepRun>> runs = Expand(*grid);
  if (!runs.ok()) return runs.status();
  OpenSweep open;
  open.is_new = true;
  open.sweep.path = path;
  open.sweep.grid = *std::move(grid);
  open.sweep.runs = *std::move(runs);
  if (absl::Status status = CheckWeights(open.sweep); !status.ok()) return status;
  return open;
}

absl::StatusOr<OpenSweep> ReadOrMake(const std::string& path, const GridRequest& request) {
  const absl::StatusOr<SweepDirectory> stored = Read(path);
  if (stored.ok()) return Grown(*stored, request);
  if (!absl::IsNotFound(stored.status()) || request == GridRequest()) return stored.status();
  if (absl::Status status = CheckFree(path, request); !status.ok()) return status;
  return Made(path, request);
}

// What the call makes of the sweep, without its lock. Whatever is refused is refused here, and here nothing is written.
absl::StatusOr<OpenSweep> Resolved(const std::string& path, const GridRequest& grid, const EngineRequest& engine) {
  absl::StatusOr<OpenSweep> open = ReadOrMake(path, grid);
  if (!open.ok()) return open.status();
  absl::StatusOr<Engine> chosen = Choose(open->sweep.engine, engine);
  if (!chosen.ok()) return chosen.status();
  open->sweep.engine = *std::move(chosen);
  if (absl::Status status = CheckTogether(open->sweep); !status.ok()) return status;
  return open;
}

}  // namespace

absl::StatusOr<SweepDirectory> Read(const std::string& path) {
  SweepDirectory sweep;
  sweep.path = Absolute(path);
  const std::string file = sweep.path + "/sweep.json";
  absl::StatusOr<std::string> text = fs::RealFileSystem().Read(file);
  if (absl::IsNotFound(text.status()))
    return absl::NotFoundError(absl::StrCat(path,
                                            " is no sweep (it has no sweep.json); begin one with --task and --seeds",
                                            fs::FoldersBelow(path, "sweep.json")));
  if (!text.ok()) return text.status();
  absl::StatusOr<SweepJson> json = Parse(*text, file);
  if (!json.ok()) return json.status();
  sweep.grid = std::move(json->grid);
  sweep.engine = std::move(json->engine);
  if (absl::Status status = KnowTask(sweep.grid, file); !status.ok()) return status;
  absl::StatusOr<std::vector<SweepRun>> runs = Expand(sweep.grid);
  if (!runs.ok()) return absl::DataLossError(absl::StrCat(file, ": ", runs.status().message()));
  if (runs->empty()) return absl::DataLossError(absl::StrCat(file, " has no runs"));
  sweep.runs = *std::move(runs);
  return sweep;
}

absl::StatusOr<OpenSweep> Open(const std::string& path, const GridRequest& grid, const EngineRequest& engine) {
  const std::string directory = Absolute(path);
  std::error_code error;
  if (std::filesystem::exists(directory, error) && !std::filesystem::is_directory(directory, error))
    return absl::FailedPreconditionError(absl::StrCat(path, " is no directory; choose a new or empty one"));
  // Once without the lock, which is a file: nothing is made for a call that is refused.
  absl::StatusOr<OpenSweep> open = Resolved(directory, grid, engine);
  if (!open.ok()) return open.status();
  if (absl::Status status = fs::RealFileSystem().CreateDirectories(directory); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = Lock(directory);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = fs::RemoveTemporaries(fs::RealFileSystem(), directory); !status.ok()) return status;
  open = Resolved(directory, grid, engine);
  if (!open.ok()) return open.status();
  open->lock = *std::move(lock);
  return open;
}

absl::Status Save(const SweepDirectory& sweep) {
  fs::FileSystem& fs = fs::RealFileSystem();
  // A file that says this already is left alone: its time tells when the sweep changed.
  const auto write = [&fs](const std::string& path, const std::string& text) -> absl::Status {
    if (absl::Status status = fs::MakeOwnFile(path); !status.ok()) return status;
    const absl::StatusOr<std::string> there = fs.Read(path);
    if (there.ok() && *there == text) return absl::OkStatus();
    return fs::WriteAtomically(fs, path, text);
  };
  absl::StatusOr<std::string> json = Print(SweepJson{sweep.grid, sweep.engine});
  if (!json.ok()) return json.status();
  // Before the file that counts on it.
  if (sweep.grid.init_from && !ReadCopy(sweep.path, *sweep.grid.init_from).ok()) {
    absl::Status status = write(sweep.InitialWeightsPath(), EncodePolicy(*sweep.grid.init_from->policy));
    if (!status.ok()) return status;
  }
  if (absl::Status status = write(sweep.path + "/sweep.json", *json); !status.ok()) return status;
  for (const char* folder : {"/configs", "/logs"}) {
    if (absl::Status status = fs.CreateDirectories(sweep.path + folder); !status.ok()) return status;
  }
  std::string names;
  for (const SweepRun& run : sweep.runs) {
    absl::StrAppend(&names, run.name, "\n");
    if (absl::Status status = write(sweep.ConfigPath(run), config::Print(run.config)); !status.ok()) return status;
  }
  return write(sweep.path + "/runs.txt", names);
}

}  // namespace nmn::sweep
