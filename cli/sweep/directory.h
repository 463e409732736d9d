#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/sweep/grid.h"
#include "common/fs/file_system.h"

namespace nmn::sweep {

// The directory of a sweep:
//
//   sweep.json            format, and the grid; written first, never changed
//   configs/<run>.textproto   derived from the grid, written anew by every call
//   runs.txt              names of the runs, one a line, in the order of their indices
//   <run>/                run directories
//   logs/<run>.log        what the run's processes said, of all attempts
//   logs/<run>.exit       exit code of the last attempt that ended
//
// Reading needs no lock; whoever starts runs holds one.
struct SweepDirectory {
  std::string path;  // absolute, without symbolic links
  Grid grid;
  std::vector<SweepRun> runs;

  std::string RunPath(const SweepRun& run) const { return path + "/" + run.name; }
  std::string ConfigPath(const SweepRun& run) const { return path + "/configs/" + run.name + ".textproto"; }
  std::string LogPath(const SweepRun& run) const { return path + "/logs/" + run.name + ".log"; }
  std::string ExitPath(const SweepRun& run) const { return path + "/logs/" + run.name + ".exit"; }
};

// A sweep that is there. NOT_FOUND where there is no sweep.json, FAILED_PRECONDITION where it is of another format.
absl::StatusOr<SweepDirectory> Read(const std::string& path);

// The sweep of this grid, made where `path` is absent or empty. Nothing is written before the whole grid is found
// valid. FAILED_PRECONDITION where the directory holds something else, or another grid: names each difference.
absl::StatusOr<SweepDirectory> Create(const std::string& path, const Grid& grid);

// Writes the configs and runs.txt.
absl::Status WriteDerived(const SweepDirectory& sweep);

// One engine at a time on a directory. UNAVAILABLE where another holds it.
absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> Lock(const SweepDirectory& sweep);

}  // namespace nmn::sweep
