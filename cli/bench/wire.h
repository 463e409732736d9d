#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/timing.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::cli::bench {

enum class Transport { kInProcess, kTcp, kTls };

// Bytes/s of an update's trajectories of `config`, whose budget is ignored, from an actor's session in this process to
// the learner's slab: over gRPC's in-process transport, loopback TCP, or that with mutual TLS. Conditions:
// update_bytes, seconds of an update, updates, and received_bytes, those of new episodes that the learner took; of TLS
// also tcp_seconds, of plain TCP in turn with it, and times_tcp. INTERNAL where the bytes are not those of the updates
// counted, or where an update holds other numbers than were sent.
absl::StatusOr<Result> MeasureWire(const std::string& name, Transport transport, v1::RunConfig config,
                                   const Rounds& rounds);

}  // namespace nmn::cli::bench
