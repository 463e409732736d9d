#include "cli/policy_choice.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/scripted/scripted_policy.h"
#include "common/config/config.h"
#include "common/config/task.h"
#include "common/env/brought.h"
#include "common/env/environment.h"
#include "common/flags/environment.h"
#include "common/fs/file_system.h"
#include "common/text/suggestion.h"

namespace nmn::cli {
namespace {

// Below, a deviation has no digits left in single precision.
constexpr double kLeastTemperature = 1e-6;

absl::Status ApplyEnvironment(const std::vector<std::string>& assignments, v1::RunConfig& config) {
  for (const std::string& assignment : assignments) {
    if (assignment.rfind("env.", 0) != 0 && assignment.rfind("task.", 0) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--set ", assignment, ": only options of the task can be set here, e.g. --set task.horizon=100"));
    }
    if (absl::Status status = config::Set(assignment, config); !status.ok()) return status;
  }
  return env::ValidateOptions(config.benchmark(), config.env());
}

absl::StatusOr<PolicyChoice> ChooseRule(const PolicyFlags& flags) {
  if (flags.benchmark.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--task is required with --policy=", flags.policy, "; it is one of ",
                                                   absl::StrJoin(env::TaskNames(), ", ")));
  }
  if (flags.update.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("--update is for networks; ", flags.policy, " is a rule"));
  }
  if (flags.use_mean || flags.temperature.has_value()) {
    const std::string flag = flags.use_mean ? "mean" : "temperature", variable = flags::VariableOf(flag);
    const bool of_environment = std::getenv(variable.c_str()) != nullptr;
    return absl::InvalidArgumentError(absl::StrCat("--", flag, of_environment ? absl::StrCat(" (", variable, ")") : "",
                                                   " is for networks; ", flags.policy, " is a rule"));
  }
  absl::StatusOr<v1::RunConfig> config = TaskConfig(flags.benchmark, {});
  if (!config.ok()) return config.status();
  PolicyChoice choice;
  choice.config = *std::move(config);
  choice.rule = flags.policy;
  return choice;
}

// A network has inputs and outputs for the task that it was trained on: what --set makes of it must leave both.
absl::Status CheckFits(const PolicyFlags& flags, const v1::TaskSpec& played, const v1::TaskSpec& trained) {
  for (const config::TaskDifference& difference : config::TaskDifferences(played, trained)) {
    if (difference.path != "task.observation_size" && difference.path != "task.action") continue;
    return absl::InvalidArgumentError(absl::StrCat("--set makes another task of it: ", difference.path, " is ",
                                                   difference.first, ", and ", flags.policy, " was trained with ",
                                                   difference.other));
  }
  return absl::OkStatus();
}

absl::StatusOr<PolicyChoice> ChooseNetwork(const PolicyFlags& flags) {
  absl::StatusOr<policy::NetworkPolicy> network =
      policy::LoadNetworkPolicy(fs::RealFileSystem(), flags.policy, flags.update);
  const bool is_path = absl::StrContains(flags.policy, "/");
  if (absl::IsNotFound(network.status()) && !flags.update.has_value() && !is_path) {
    const std::vector<std::string> rules =
        flags.benchmark.empty() ? scripted::PolicyNames() : scripted::PolicyNames(flags.benchmark);
    return absl::NotFoundError(absl::StrCat("--policy=", flags.policy, ": ", std::string(network.status().message()),
                                            "; a policy is one of ", absl::StrJoin(rules, ", "),
                                            ", a run directory, a checkpoint or a .safetensors file",
                                            text::DidYouMean(flags.policy, rules)));
  }
  if (!network.ok()) return network.status();
  if (!network->notice.empty()) std::cerr << flags.policy << ": " << network->notice << "\n";
  if (!flags.benchmark.empty() && flags.benchmark != network->config.benchmark()) {
    return absl::InvalidArgumentError(absl::StrCat("--task=", flags.benchmark, ", but ", flags.policy,
                                                   " was trained on ", network->config.benchmark()));
  }
  if (absl::Status status = CheckTaskIsHere(flags.policy, network->config); !status.ok()) return status;
  const absl::StatusOr<v1::TaskSpec> own = env::MakeTaskSpec(network->config.benchmark(), network->config.env());
  if (!own.ok()) return own.status();
  if (const std::string other = config::DescribeOtherTask(*own, network->config.task()); !other.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.policy, " was trained on another task than this program's: ", other));
  }
  PolicyChoice choice;
  choice.config = network->config;
  choice.network = *std::move(network);
  return choice;
}

}  // namespace

absl::StatusOr<v1::RunConfig> TaskConfig(const std::string& task, const std::vector<std::string>& assignments) {
  if (absl::Status known = env::FindSpec(task).status(); !known.ok()) return known;
  absl::StatusOr<v1::RunConfig> config = config::Preset("reference", task, "nmn");
  if (!config.ok()) config = config::Preset(config::UsualPreset(task), task, "nmn");
  if (!config.ok()) return config;
  if (absl::Status status = ApplyEnvironment(assignments, *config); !status.ok()) return status;
  return config;
}

absl::Status CheckTaskIsHere(const std::string& source, const v1::RunConfig& config) {
  const std::string& task = config.benchmark();
  if (config.task().name() != task || env::FindSpec(task).ok()) return absl::OkStatus();
  const env::BroughtTask* other = env::Brought();
  return absl::NotFoundError(absl::StrCat(
      source, " is of ", task, ", a task of your own", other == nullptr ? "" : ", and not of " + other->spec.name,
      "; add --task_python=MODULE:FACTORY or --task_plugin=FILE: no file brings its code"));
}

void AddPolicyOptions(CLI::App& verb, PolicyFlags& flags) {
  verb.add_option("--task,--benchmark", flags.benchmark,
                  absl::StrCat(absl::StrJoin(env::TaskNames(), ", "), " [a network's own]"))
      ->type_name("TASK");
  bridge::AddTaskFlags(verb, flags.brought);
  verb.add_option("--policy", flags.policy,
                  absl::StrCat(absl::StrJoin(scripted::PolicyNames(), ", "),
                               ", RUN_DIR, RUN_DIR/checkpoints/ckpt-N or FILE.safetensors"))
      ->type_name("POLICY")
      ->required();
  AddPlayOptions(verb, flags);
}

void AddPlayOptions(CLI::App& verb, PolicyFlags& flags) {
  verb.add_option("--update", flags.update, "With RUN_DIR: the checkpoint after this update [the newest]");
  verb.add_option("--seed", flags.seed, "Seed of tasks, environment and action noise")->capture_default_str();
  verb.add_option("--set", flags.set,
                  "Set an option of the task, e.g. task.horizon=100; may be repeated (docs/environments.md)")
      ->type_name("OPTION=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  CLI::Option* temperature =
      verb.add_option("--temperature", flags.temperature,
                      "How much chance the network acts with: its deviation is multiplied by this, or its "
                      "probabilities are raised to the power of one over this [1, as in training]")
          ->check(CLI::Range(0.0, 10.0));
  verb.add_flag("--mean", flags.use_mean,
                "Act without chance, with the mean of the network's Gaussian or with the likeliest choice. The same as "
                "--temperature=0")
      ->excludes(temperature);
}

absl::StatusOr<PolicyChoice> ChoosePolicy(const PolicyFlags& given) {
  PolicyFlags flags = given;
  const double temperature = flags.temperature.value_or(1);
  if (temperature > 0 && temperature < kLeastTemperature) {
    return absl::InvalidArgumentError(
        absl::StrCat("--temperature=", temperature, ": it must be 0, or from ", kLeastTemperature, " to 10"));
  }
  if (flags.use_mean && flags.temperature.value_or(0) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mean and --temperature=", *flags.temperature, " contradict each other; give one of them"));
  }
  if (absl::Status status = bridge::BringTask(flags.brought, flags.benchmark); !status.ok()) return status;
  const std::vector<std::string> rules = scripted::PolicyNames();
  const bool is_rule = std::find(rules.begin(), rules.end(), flags.policy) != rules.end();
  absl::StatusOr<PolicyChoice> choice = is_rule ? ChooseRule(flags) : ChooseNetwork(flags);
  if (!choice.ok()) return choice.status();
  const v1::TaskSpec trained = choice->config.task();
  if (absl::Status status = ApplyEnvironment(flags.set, choice->config); !status.ok()) return status;
  if (!choice->network.has_value()) return choice;
  if (absl::Status status = CheckFits(flags, choice->config.task(), trained); !status.ok()) return status;
  choice->network->config = choice->config;
  return choice;
}

}  // namespace nmn::cli
