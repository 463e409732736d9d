#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/sweep/directory.h"
#include "cli/sweep/progress.h"
#include "common/exit_code/exit_code.h"
#include "common/fs/directory_lock.h"

namespace nmn::sweep {

struct LocalOptions {
  size_t jobs = 1;                // runs at once
  size_t threads = 1;             // of each run: actors, and threads of its updates; does not change results
  std::string device = "cpu";     // of the updates
  std::vector<std::string> task;  // flags that bring a task of the user's own
};

// What a sweep's engine says, with one run a core and the cores divided among the runs where it says nothing.
LocalOptions LocalOptionsOf(const Engine& engine);

// Does the runs that are chosen and not done on this machine, each as `nmn train --resume` in its own process. Blocks.
// A run that ends with code 1 or by a signal starts again, a few times. A run that fails for good does not end the
// others. On `stop` every run gets SIGTERM and is waited for. Meanwhile DIR/targets.json lists where the runs serve
// metrics.
//
// kExitDone: all of these are done. kExitInterrupted: it was stopped, or somebody else stopped a run. kExitPermanent: a
// run failed for good. kExitRetry: a run gave up for now. An error: the sweep cannot run at all, or its directory
// is not its own any more. `lock`: of the directory.
absl::StatusOr<ExitCode> RunLocally(const SweepDirectory& sweep, const fs::DirectoryLock& lock,
                                    const LocalOptions& options, const std::stop_token& stop, SweepProgress& progress);

}  // namespace nmn::sweep
