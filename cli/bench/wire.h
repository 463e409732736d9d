#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/timing.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::cli::bench {

// Bytes/s of an update's trajectories of `config`, whose budget is ignored, from an actor's session in this process to
// the learner's slab: over loopback TCP or gRPC's in-process transport. Conditions: update_bytes, seconds of an update,
// updates, and received_bytes, those of new episodes that the learner took. INTERNAL where these are not those of the
// updates counted, or where an update holds other numbers than were sent.
absl::StatusOr<Result> MeasureWire(const std::string& name, bool tcp, v1::RunConfig config, const Rounds& rounds);

}  // namespace nmn::cli::bench
