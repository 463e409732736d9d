#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/fail.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "cli/trace_csv.h"
#include "cli/verbs.h"

namespace nmn::cli {
namespace {

struct Flags {
  PolicyFlags policy;
  uint32_t episodes = 1;
  std::string csv;
};

absl::Status Trace(const Flags& flags) {
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(flags.policy);
  if (!choice.ok()) return choice.status();
  absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(choice->config.benchmark());
  if (!spec.ok()) return spec.status();
  absl::StatusOr<std::unique_ptr<Player>> player = MakePlayer(*choice, flags.policy, 1);
  if (!player.ok()) return player.status();
  if (flags.csv.empty()) {
    absl::Status status = WriteTrace(**player, *spec, flags.episodes, std::cout);
    std::cout.flush();
    return status;
  }
  errno = 0;
  std::ofstream file(flags.csv, std::ios::binary | std::ios::trunc);
  absl::Status status = file ? WriteTrace(**player, *spec, flags.episodes, file) : absl::OkStatus();
  file.close();
  if (status.ok() && !file) {
    return absl::InvalidArgumentError(absl::StrCat("cannot write --csv=", flags.csv, ": ", std::strerror(errno)));
  }
  return status;
}

}  // namespace

void AddTrace(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("trace", "Write every step of some episodes as CSV");
  verb->footer(
      "One line a step: episode, t, the task, the environment's state before the step, x, the fed-back action and "
      "reward, u, for networks\n"
      "mean, logvar and each z, then action and reward. Episode e is the episode e of nmn eval with the same seed.\n"
      "Example:  nmn trace --policy=runs/b1-nmn-fast-s1-20260101T120000Z --set env.tasks=-8,8 --episodes=2 "
      "--csv=trace.csv");
  auto flags = std::make_shared<Flags>();
  AddPolicyOptions(*verb, flags->policy);
  verb->add_option("--episodes", flags->episodes, "Episodes to write")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  verb->add_option("--csv", flags->csv, "The file to write [stdout]");
  verb->callback([flags, &exit_code] {
    const absl::Status status = Trace(*flags);
    exit_code = status.ok() ? kExitDone : Fail("trace", status);
  });
}

}  // namespace nmn::cli
