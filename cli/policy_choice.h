#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/task_flags.h"
#include "learner/policy/policy_file.h"
#include "nmn/v1/run_config.pb.h"

namespace CLI {
class App;
}

namespace nmn::cli {

// Which policy in which environment: the flags that nmn eval and nmn trace share.
struct PolicyFlags {
  bridge::TaskFlags brought;
  std::string benchmark;
  std::string policy;
  std::optional<uint32_t> update;  // of a run directory: which checkpoint
  uint64_t seed = 1;
  std::vector<std::string> set;       // task.OPTION=V
  bool use_mean = false;              // the same as temperature 0
  std::optional<double> temperature;  // 1 where it is not said
};
void AddPolicyOptions(CLI::App& verb, PolicyFlags& flags);
// Those of them that say how a policy is played, without task and policy.
void AddPlayOptions(CLI::App& verb, PolicyFlags& flags);

struct PolicyChoice {
  // Of a network: the config it was trained under; of a rule: the benchmark's reference preset. Both with --set
  // applied.
  v1::RunConfig config;
  std::optional<policy::NetworkPolicy> network;  // with the same config
  std::string rule;                              // its name where the policy is no network
};

// The config under which a task is played where no network says another: that of preset reference, or the task's own,
// with --set applied. NOT_FOUND names the tasks there are.
absl::StatusOr<v1::RunConfig> TaskConfig(const std::string& task, const std::vector<std::string>& assignments);

// NOT_FOUND, with the flags that bring its code: `config`, that of the run or policy `source`, is of a task of the
// user's own which this process does not have.
absl::Status CheckTaskIsHere(const std::string& source, const v1::RunConfig& config);

// INVALID_ARGUMENT in one line: an unknown benchmark or policy with the names there are, a benchmark that is not the
// network's own (both named), a field that is no option of the task, --mean for a rule.
absl::StatusOr<PolicyChoice> ChoosePolicy(const PolicyFlags& flags);

}  // namespace nmn::cli
