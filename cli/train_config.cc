#include "cli/train_config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/env/environment.h"

namespace nmn::cli {
namespace {

// Lengths of a preset that an episode of this horizon does not have, as the flags with which they follow it: "" where
// that does not make the config valid.
std::string FlagsThatFollowTheHorizon(const v1::RunConfig& config) {
  v1::RunConfig following = config;
  v1::PpoOptions& ppo = *following.mutable_ppo();
  std::string flags;
  const auto let_follow = [&](bool fits, const char* field, void (v1::PpoOptions::*set)(uint32_t)) {
    if (fits) return;
    (ppo.*set)(0);
    absl::StrAppend(&flags, " --set ppo.", field, "=0");
  };
  let_follow(ppo.rollout_steps() <= config::Horizon(following), "rollout_steps", &v1::PpoOptions::set_rollout_steps);
  const uint32_t played = config::RolloutSteps(following);
  let_follow(ppo.kept_steps() <= played, "kept_steps", &v1::PpoOptions::set_kept_steps);
  const uint32_t kept = config::KeptSteps(following), valued = ppo.valued_steps();
  let_follow(valued == 0 || (valued >= kept && valued <= played), "valued_steps", &v1::PpoOptions::set_valued_steps);
  let_follow(ppo.segment_steps() == 0 || kept % ppo.segment_steps() == 0, "segment_steps",
             &v1::PpoOptions::set_segment_steps);
  return config::Validate(following).ok() ? flags : "";
}

// Of a horizon that --set gives: all that has to follow it at once.
absl::Status Validate(const TrainFlags& flags, const v1::RunConfig& config) {
  const absl::Status status = config::Validate(config);
  const bool sets_horizon = std::any_of(flags.assignments.begin(), flags.assignments.end(), [](const std::string& a) {
    return a.starts_with("task.horizon=") || a.starts_with("env.horizon=");
  });
  if (status.ok() || !sets_horizon) return status;
  const std::string more = FlagsThatFollowTheHorizon(config);
  if (more.empty()) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), "; for this horizon add", more));
}

// A flag that a --set undid.
absl::Status CheckFlags(const TrainFlags& flags, const v1::RunConfig& config) {
  const auto undone = [](const char* flag, const auto& value, const char* field, const auto& now) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, "=", value, " and --set ", field, "=", now, " contradict each other; give one"));
  };
  if (flags.benchmark && *flags.benchmark != config.benchmark())
    return undone("task", *flags.benchmark, "benchmark", config.benchmark());
  if (flags.seed && *flags.seed != config.seed()) return undone("seed", *flags.seed, "seed", config.seed());
  const v1::Budget& budget = config.budget();
  if (flags.updates && budget.updates() != *flags.updates)
    return undone("updates", *flags.updates, "budget.updates", budget.updates());
  if (flags.episodes && budget.episodes() != *flags.episodes)
    return undone("episodes", *flags.episodes, "budget.episodes", budget.episodes());
  return absl::OkStatus();
}

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
  if (absl::Status status = CheckFlags(flags, config); !status.ok()) return status;
  if (flags.scale_schedule) config::ScaleSchedule(config);
  return absl::OkStatus();
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

absl::Status CheckSame(const v1::RunConfig& stored, const v1::RunConfig& asked) {
  const std::string differences = config::DescribeDifferences(stored, asked);
  if (differences.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--resume: the run was started with another ", differences,
                                                 "; leave it as it was, or start a new run in another --run_dir"));
}

}  // namespace

absl::StatusOr<v1::RunConfig> NewRunConfig(const TrainFlags& flags) {
  absl::StatusOr<v1::RunConfig> config = BaseConfig(flags);
  if (!config.ok()) return config;
  if (absl::Status status = ApplyOverrides(flags, *config); !status.ok()) return status;
  if (absl::Status status = Validate(flags, *config); !status.ok()) return status;
  return config;
}

absl::StatusOr<v1::RunConfig> ResumedRunConfig(const TrainFlags& flags, const v1::RunConfig& stored) {
  const std::string arch = stored.network().architecture() == v1::RNN ? "rnn" : "nmn";
  if (flags.benchmark && *flags.benchmark != stored.benchmark()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--resume: the run was started with benchmark ", stored.benchmark(), ", not ", *flags.benchmark));
  }
  if (flags.arch && *flags.arch != arch) {
    return absl::InvalidArgumentError(
        absl::StrCat("--resume: the run was started with arch ", arch, ", not ", *flags.arch));
  }
  // What a preset says of other things than learning gives way to what the run has: it is there to be compared.
  if (flags.preset) {
    TrainFlags whole = flags;
    whole.benchmark = stored.benchmark();
    whole.arch = arch;
    absl::StatusOr<v1::RunConfig> asked = BaseConfig(whole);
    if (!asked.ok()) return asked;
    if (!flags.seed) asked->set_seed(stored.seed());
    if (!flags.updates && !flags.episodes) *asked->mutable_budget() = stored.budget();
    if (absl::Status status = ApplyOverrides(flags, *asked); !status.ok()) return status;
    if (absl::Status status = CheckSame(stored, *asked); !status.ok()) return status;
  }
  v1::RunConfig config = stored;
  if (flags.config_path) {
    absl::StatusOr<v1::RunConfig> asked = BaseConfig(flags);
    if (!asked.ok()) return asked;
    config = *std::move(asked);
  }
  if (absl::Status status = ApplyOverrides(flags, config); !status.ok()) return status;
  if (absl::Status status = CheckSame(stored, config); !status.ok()) return status;
  if (absl::Status status = Validate(flags, config); !status.ok()) return status;
  return config;
}

}  // namespace nmn::cli
