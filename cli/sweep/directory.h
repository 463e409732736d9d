#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/sweep/engine.h"
#include "cli/sweep/grid.h"
#include "common/fs/directory_lock.h"

namespace nmn::sweep {

// The directory of a sweep:
//
//   sweep.json            format, the grid, which only grows, and the engine
//   init.safetensors      the weights that every run begins with, if the sweep has --init_from
//   configs/<run>.textproto   derived from the grid, written anew by every call
//   runs.txt              names of the runs, one a line, in the order of their indices
//   <run>/                run directories
//   logs/<run>.log        what the run's processes said, over all attempts
//   logs/<run>.exit       exit code of the last attempt that ended
//
// Reading needs no lock. Whoever changes sweep.json or starts runs must hold one.
struct SweepDirectory {
  std::string path;  // absolute, without symbolic links
  Grid grid;
  Engine engine;
  std::vector<SweepRun> runs;

  std::string RunPath(const SweepRun& run) const { return path + "/" + run.name; }
  std::string ConfigPath(const SweepRun& run) const { return path + "/configs/" + run.name + ".textproto"; }
  std::string LogPath(const SweepRun& run) const { return path + "/logs/" + run.name + ".log"; }
  std::string InitialWeightsPath() const { return path + "/" + kInitialWeights; }
  std::string ExitPath(const SweepRun& run) const { return path + "/logs/" + run.name + ".exit"; }
};

// Reads a sweep. NOT_FOUND: there is no sweep.json. FAILED_PRECONDITION: it is of a newer program. DATA_LOSS: it is
// damaged.
absl::StatusOr<SweepDirectory> Read(const std::string& path);

// A sweep that this process alone works on.
struct OpenSweep {
  SweepDirectory sweep;
  bool is_new = false;
  std::string growth;  // "10 more runs, 40 in all" if the request added some, else ""
  std::string change;  // "--set eval.every_updates=5" if the request set fields that do not change weights, else ""
  std::unique_ptr<fs::DirectoryLock> lock;
};

// Opens the sweep in `path`, and makes it if `path` is absent or empty. Adds to its grid what the request adds. The
// runs that the request speaks of are `chosen`. Writes nothing before all is found valid, and sweep.json only in Save.
// UNAVAILABLE: another process works on it. FAILED_PRECONDITION: the directory holds something else, or runs that exist
// would have to change; names each flag or field. INVALID_ARGUMENT: a flag's value, or more than the engine can take.
absl::StatusOr<OpenSweep> Open(const std::string& path, const GridRequest& grid, const EngineRequest& engine);

// Writes sweep.json, the initial weights, the configs and runs.txt.
absl::Status Save(const SweepDirectory& sweep);

}  // namespace nmn::sweep
