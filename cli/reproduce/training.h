#pragma once

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "cli/sweep/directory.h"
#include "common/exit_code/exit_code.h"

namespace nmn::reproduce {

// The runs behind a figure: a sweep in OUT/sweep, and a short probe in OUT/probe-<8 hexadecimal digits of what it is
// of> that says how long it will take.
struct TrainingRequest {
  std::string out;
  sweep::GridRequest grid;      // what the call says
  sweep::GridRequest defaults;  // what a new sweep has where the call says nothing; a stored one has its own
  sweep::EngineRequest engine;  // of this machine
  bool estimate_only = false;
};

// Makes the defaults runs of seconds that go through everything: --smoke.
void MakeSmall(TrainingRequest& request);

struct Training {
  sweep::SweepDirectory sweep;
  ExitCode code = kExitDone;  // RunLocally's
};

// Opens the sweep, or begins it; says on stderr how long the runs that are left will take; and does them. Blocks. On
// `stop` every run saves a checkpoint, and the same call goes on. With estimate_only nothing is trained but the probe.
// Nothing is saved for a call that is refused. Errors are sweep::Open's. FAILED_PRECONDITION: the stored sweep is not
// of this figure and these flags, or runs are left and a scheduler has the sweep.
absl::StatusOr<Training> Train(const TrainingRequest& request, const std::stop_token& stop);

}  // namespace nmn::reproduce
