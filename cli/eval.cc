#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "cli/evaluation.h"
#include "cli/fail.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "cli/verbs.h"
#include "common/env/environment.h"
#include "common/terminal/live_line.h"
#include "common/terminal/terminal.h"
#include "common/text/counted.h"

namespace nmn::cli {
namespace {

struct Flags {
  PolicyFlags policy;
  uint32_t episodes = 1000;
  bool json = false;
};

// One line that rewrites itself, if somebody watches.
class Progress {
 public:
  explicit Progress(uint32_t episodes) : episodes_(episodes), live_(terminal::MayRewrite(STDERR_FILENO)) {}
  ~Progress() { line_.Clear(); }
  void operator()(uint32_t done) {
    if (live_) line_.Show(absl::StrCat(done, " of ", text::Counted(episodes_, "episode")));
  }

 private:
  uint32_t episodes_;
  bool live_;
  terminal::LiveLine line_{stderr};
};

absl::Status Eval(const Flags& flags) {
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(flags.policy);
  if (!choice.ok()) return choice.status();
  absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(choice->config.benchmark(), choice->config.env());
  if (!spec.ok()) return spec.status();
  const size_t lanes = std::min<size_t>(play::kEvaluationLanes, flags.episodes);
  absl::StatusOr<std::unique_ptr<play::Player>> player = MakePlayer(*choice, flags.policy, lanes);
  if (!player.ok()) return player.status();
  absl::StatusOr<play::Evaluation> evaluation = [&] {
    Progress progress(flags.episodes);
    return play::Evaluate(**player, spec->measures, flags.episodes, lanes, std::ref(progress));
  }();
  if (!evaluation.ok()) return evaluation.status();
  if (flags.json) {
    nlohmann::ordered_json object = {
        {"task", choice->config.benchmark()}, {"update", nullptr}, {"seed", flags.policy.seed}};
    if (choice->network) object["update"] = choice->network->update;
    object.update(nlohmann::ordered_json::parse(ToJson(*evaluation)));
    std::cout << object.dump() << "\n";
  } else {
    std::cout << ToTable(*evaluation);
  }
  return absl::OkStatus();
}

}  // namespace

void AddEval(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("eval", "Measure a policy: returns, extra measures and adaptation");
  verb->footer(
      "Policies that are rules:\n"
      "  random      the action is uniform over its range\n"
      "  zero        u = 0\n"
      "  untrained   u ~ N(0, 1/e)\n"
      "  memoryless  the best rule without memory\n"
      "  adaptive    finds the task out while it acts\n"
      "  oracle      knows the task\n"
      "nmn task list shows the rules of each task. docs/environments.md says what the others do.\n"
      "A network acts with a sample of its policy, as in training, or with its mean.\n"
      "With the same seed every policy plays the same episodes.\n"
      "The discounted return has gamma = 0.998. The standard error is that of the mean over episodes.\n"
      "Examples:  nmn eval --benchmark=b1 --policy=oracle --episodes=1000 --seed=1 --json\n"
      "           nmn eval --policy=runs/b1-nmn-fast-s1-20260101T120000Z --mean --set env.domain=paper");
  auto flags = std::make_shared<Flags>();
  AddPolicyOptions(*verb, flags->policy);
  verb->add_option("--episodes", flags->episodes, "Episodes to play")
      ->check(CLI::Range(1u, 100'000'000u))
      ->capture_default_str();
  verb->add_flag("--json", flags->json, "One JSON object on one line, the last of stdout");
  verb->callback([flags, &exit_code] {
    const absl::Status status = Eval(*flags);
    exit_code = status.ok() ? kExitDone : Fail("eval", status);
  });
}

}  // namespace nmn::cli
