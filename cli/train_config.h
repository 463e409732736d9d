#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::cli {

// What the command line says about the experiment. Unset: not said.
struct TrainFlags {
  std::optional<std::string> config_path;
  std::optional<std::string> benchmark;
  std::optional<std::string> arch;
  std::optional<std::string> preset;
  std::optional<uint64_t> seed;
  std::optional<uint32_t> updates;
  std::optional<uint64_t> episodes;
  std::vector<std::string> assignments;  // --set
  bool scale_schedule = false;           // the schedule of learning ends with the budget
};

// The config of a new run: --config, or the preset of (--preset, default fast; --task; --arch, default nmn), then
// --seed (default 1 with a preset), --updates or --episodes, then every --set in order, then --scale_schedule.
// Validated. INVALID_ARGUMENT too where a --set undoes a flag.
absl::StatusOr<v1::RunConfig> NewRunConfig(const TrainFlags& flags);

// The config of a run that goes on, from the stored one. Flags may repeat what the run was started with and may change
// the budget and what reaches no result; a flag that would change the config hash is INVALID_ARGUMENT, by field name.
absl::StatusOr<v1::RunConfig> ResumedRunConfig(const TrainFlags& flags, const v1::RunConfig& stored);

}  // namespace nmn::cli
