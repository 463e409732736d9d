#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/config/config.h"
#include "common/metrics/exporter.h"
#include "learner/ppo/trainer.h"

namespace nmn::run {

// How a learner was asked to run.
struct RunOptions {
  v1::RunConfig config;   // validated
  std::string directory;  // of the run
  bool resume = false;    // continue where a checkpoint was ever completed; without it such a directory is refused
  std::string init_from;  // a new run begins with these weights (policy_file.h); "": fresh ones
  std::string listen;     // "" serves only actors of this process
  bool insecure = false;  // `listen` may be an address that other machines reach
  bool allow_mixed = false;
  bool discard_corrupt = false;         // begin anew where checkpoints exist and none is valid
  bool accept_loss = false;             // go on where growing files lost rows that the checkpoint counts on
  std::string metrics = metrics::kOff;  // host:port of /metrics, or "off"
  bool metrics_on_any_port = false;     // where that port is in use
  bool event_log = false;               // write events.jsonl (event_log.h)
  // The run is stuck when one step takes so long. Absent: StuckWatchdog::kLeastSeconds, and more where steps are long.
  std::optional<double> stuck_after;  // seconds
  ppo::TrainerOptions trainer;
};

// The config of a run that is begun or continued so: that of the options, and where it begins with init_from the digest
// of those weights in it. Checks what can be told without the run's directory and without taking a port: the config,
// the addresses, the device, and that the weights fit. Errors name the flag or the field.
absl::StatusOr<v1::RunConfig> CheckedConfig(const RunOptions& options);

}  // namespace nmn::run
