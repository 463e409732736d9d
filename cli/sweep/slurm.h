#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/sweep/directory.h"
#include "cli/sweep/run_state.h"

namespace nmn::sweep {

struct SlurmOptions {
  size_t jobs = 0;                     // runs at once; 0: as many as Slurm starts
  size_t actors = 1;                   // processes of each run
  size_t threads = 1;                  // CPUs of each process
  size_t restarts = 20;                // how often a task that was cut is queued again
  std::string device = "cpu";          // of the updates
  std::vector<std::string> arguments;  // more for sbatch, e.g. --partition=long
  std::vector<std::string> task;       // flags of actors that bring a task of the user's own
};

// "nmn-<folder>-<8 hexadecimal digits of its whole path>", by which its tasks are found.
std::string JobName(const SweepDirectory& sweep);

// Whether Slurm can take the directory's path. INVALID_ARGUMENT says what it may not have.
absl::Status CheckPath(const SweepDirectory& sweep);

// Whether these go with what the sweep says to sbatch itself. INVALID_ARGUMENT names the first that does not, and why.
absl::Status CheckSbatchArguments(const std::vector<std::string>& arguments);

// Whether sbatch is in PATH, and what Slurm's tasks run beside this program. NOT_FOUND names the one that is not.
absl::Status CheckPrograms();

// What Slurm says about the sweep's tasks, by run index: running, or queued. Asked by the job's name, which comes from
// the sweep's path: a controller that crashed may have lost a job and given its id to another. Empty where squeue is
// not in PATH or no task of the sweep was ever submitted.
absl::StatusOr<std::map<size_t, State>> AskSlurm(const SweepDirectory& sweep);

// Writes DIR/sweep.sbatch and submits one array job with a task for each chosen run that is neither done nor with
// Slurm. The text says what was submitted. Errors: those of CheckPrograms, UNAVAILABLE with sbatch's words where it
// refuses.
absl::StatusOr<std::string> SubmitToSlurm(const SweepDirectory& sweep, const SlurmOptions& options);

}  // namespace nmn::sweep
