#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/config/config.h"
#include "common/metrics/exporter.h"
#include "common/tls/flags.h"
#include "learner/ppo/trainer.h"
#include "learner/service/limits.h"

namespace nmn::run {

// What the user asked a learner to do.
struct RunOptions {
  v1::RunConfig config;    // validated
  std::string directory;   // of the run
  bool resume = false;     // continue if a checkpoint was ever completed; without it such a directory is refused
  std::string init_from;   // a new run begins with these weights (policy_file.h); "": with fresh ones
  std::string listen;      // "" serves only actors of this process
  tls::Flags tls;          // of `listen` and `metrics`: certificates, or plain text to whom
  service::Limits limits;  // of those who come to `listen`
  bool allow_mixed = false;
  bool discard_corrupt = false;         // begin anew if checkpoints exist and none is valid
  bool accept_loss = false;             // go on if files that grow lost rows that the checkpoint counts on
  std::string metrics = metrics::kOff;  // host:port of /metrics, or "off"
  std::string metrics_tls;              // what that port speaks (port_protection.h)
  bool metrics_on_any_port = false;     // take a free port if that one is in use
  bool event_log = false;               // write events.jsonl (event_log.h)
  // The run is stuck when one step takes so long. Absent: StuckWatchdog::kLeastSeconds, and more if steps are long.
  std::optional<double> stuck_after;  // seconds
  ppo::TrainerOptions trainer;
};

// The config of a run with these options. If the run begins with init_from, the config has the digest of those weights.
// Checks all that needs neither the run's directory nor a port: the config, the addresses, the device, and that the
// weights fit. Errors name the flag or the field.
absl::StatusOr<v1::RunConfig> CheckedConfig(const RunOptions& options);

}  // namespace nmn::run
