#include "cli/train_config.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/env/environment.h"

namespace nmn::cli {
namespace {

absl::Status ApplyOverrides(const TrainFlags& flags, v1::RunConfig& config) {
  if (flags.updates && flags.episodes) {
    return absl::InvalidArgumentError("--updates and --episodes exclude each other; give one");
  }
  if (flags.seed) config.set_seed(*flags.seed);
  if (flags.updates || flags.episodes) {
    config.mutable_budget()->clear_updates();
    config.mutable_budget()->clear_episodes();
  }
  if (flags.updates) config.mutable_budget()->set_updates(*flags.updates);
  if (flags.episodes) config.mutable_budget()->set_episodes(*flags.episodes);
  for (const std::string& assignment : flags.assignments) {
    if (absl::Status status = config::Set(assignment, config); !status.ok()) return status;
  }
  if (flags.scale_schedule) config::ScaleSchedule(config);
  return config::Validate(config);
}

// The config before the overrides.
absl::StatusOr<v1::RunConfig> BaseConfig(const TrainFlags& flags) {
  if (flags.config_path) {
    if (flags.preset || flags.benchmark || flags.arch) {
      return absl::InvalidArgumentError(
          "--config is a whole experiment; it excludes --task, --arch and --preset (use --set to change a field)");
    }
    return config::Load(*flags.config_path);
  }
  if (!flags.benchmark)
    return absl::InvalidArgumentError(
        absl::StrCat("--task is missing: ", env::ListOfTasks(), " (or give --config=FILE)"));
  absl::StatusOr<v1::RunConfig> config = config::Preset(flags.preset.value_or(config::UsualPreset(*flags.benchmark)),
                                                        *flags.benchmark, flags.arch.value_or("nmn"));
  if (config.ok()) config->set_seed(1);
  return config;
}

}  // namespace

absl::StatusOr<v1::RunConfig> NewRunConfig(const TrainFlags& flags) {
  absl::StatusOr<v1::RunConfig> config = BaseConfig(flags);
  if (!config.ok()) return config;
  if (absl::Status status = ApplyOverrides(flags, *config); !status.ok()) return status;
  return config;
}

absl::StatusOr<v1::RunConfig> ResumedRunConfig(const TrainFlags& flags, const v1::RunConfig& stored) {
  v1::RunConfig base = stored;
  if (flags.config_path || flags.preset) {
    TrainFlags whole = flags;
    if (!whole.config_path) {
      if (!whole.benchmark) whole.benchmark = stored.benchmark();
      if (!whole.arch) whole.arch = stored.network().architecture() == v1::RNN ? "rnn" : "nmn";
    }
    absl::StatusOr<v1::RunConfig> asked = BaseConfig(whole);
    if (!asked.ok()) return asked;
    base = *std::move(asked);
    if (!flags.config_path && !flags.seed) base.set_seed(stored.seed());
    if (!flags.updates && !flags.episodes && !flags.config_path) *base.mutable_budget() = stored.budget();
  } else {
    if (flags.benchmark && *flags.benchmark != stored.benchmark()) {
      return absl::InvalidArgumentError(absl::StrCat("--resume: the run was started with benchmark ",
                                                     stored.benchmark(), ", not ", *flags.benchmark));
    }
    const std::string arch = stored.network().architecture() == v1::RNN ? "rnn" : "nmn";
    if (flags.arch && *flags.arch != arch) {
      return absl::InvalidArgumentError(
          absl::StrCat("--resume: the run was started with arch ", arch, ", not ", *flags.arch));
    }
  }
  if (absl::Status status = ApplyOverrides(flags, base); !status.ok()) return status;
  const std::vector<std::string> differences = config::Differences(stored, base);
  if (!differences.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--resume: the run was started with another ",
                                                   absl::StrJoin(differences, ", "),
                                                   "; leave it as it was, or start a new run in another --run_dir"));
  }
  return base;
}

}  // namespace nmn::cli
