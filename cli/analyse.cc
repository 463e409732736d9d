#include "cli/analyse.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "actor/play/evaluation.h"
#include "cli/analysis/analysis.h"
#include "cli/analysis/output.h"
#include "cli/fail.h"
#include "cli/format_flag.h"
#include "cli/own_file.h"
#include "cli/player.h"
#include "cli/verbs.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "common/terminal/live_line.h"
#include "common/terminal/terminal.h"
#include "common/text/prefixed.h"

namespace nmn::cli {
namespace {

// A spline has six coefficients; of fewer episodes its R^2 says nothing.
constexpr uint32_t kLeastEpisodes = 20;

// One line that rewrites itself, if somebody watches; else a line for each policy.
class Progress {
 public:
  explicit Progress(uint32_t episodes) : episodes_(episodes), live_(terminal::MayRewrite(STDERR_FILENO)) {}
  ~Progress() { line_.Clear(); }

  void Begin(const std::string& name) {
    name_ = name;
    if (!live_) std::cerr << "plays " << episodes_ << " episodes: " << name << "\n";
    Show(0);
  }
  void Show(uint32_t done) {
    if (live_) line_.Show(absl::StrFormat("%s: %d of %d episodes", name_, done, episodes_));
  }

 private:
  uint32_t episodes_;
  bool live_;
  std::string name_;
  terminal::LiveLine line_{stderr};
};

absl::StatusOr<PolicyChoice> ChooseNetwork(const PolicyFlags& flags) {
  PolicyFlags named = flags;
  if (!absl::StrContains(named.policy, '/')) named.policy = "./" + named.policy;  // no rule of that name
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(named);
  if (!absl::IsNotFound(choice.status()) || flags.update.has_value()) return choice;
  std::error_code error;
  if (std::filesystem::exists(flags.policy, error)) {
    // A task of somebody's own is not known here, and need not be.
    const absl::StatusOr<policy::NetworkPolicy> network = policy::LoadNetworkPolicy(fs::RealFileSystem(), flags.policy);
    if (!network.ok()) return choice;  // it is one, and says why it cannot be taken
    const absl::Status meaning = analysis::MeaningOf(network->config.benchmark()).status();
    return meaning.ok() ? choice : text::Prefixed(flags.policy, meaning);
  }
  return absl::NotFoundError(absl::StrCat(
      flags.policy, " is no policy; it must be a run directory, RUN_DIR/checkpoints/ckpt-N or a .safetensors file"));
}

absl::StatusOr<analysis::Analysis> Play(const PolicyChoice& network, const AnalyseFlags& flags) {
  absl::StatusOr<analysis::Meaning> meaning = analysis::MeaningOf(network.config.benchmark());
  if (!meaning.ok()) return meaning.status();
  analysis::Analysis analysis;
  analysis.meaning = *std::move(meaning);
  const std::string architecture = v1::Architecture_Name(network.config.network().architecture());
  analysis.subject = {.policy = flags.policy.policy,
                      .benchmark = network.config.benchmark(),
                      .architecture = architecture,
                      .run_id = network.network->run_id,
                      .config_hash = Hex(config::Hash(network.config)),
                      .update = network.network->update,
                      .seed = flags.policy.seed,
                      .temperature = flags.policy.use_mean ? 0 : flags.policy.temperature.value_or(1)};
  Progress progress(flags.episodes);
  const size_t lanes = std::min<size_t>(play::kEvaluationLanes, flags.episodes);
  const auto play_with = [&](const PolicyChoice& choice, const std::string& name,
                             analysis::Episodes& episodes) -> absl::Status {
    absl::StatusOr<std::unique_ptr<play::Player>> player = MakePlayer(choice, flags.policy, lanes);
    if (!player.ok()) return player.status();
    progress.Begin(name);
    absl::StatusOr<analysis::Episodes> played = analysis::PlayEpisodes(
        **player, analysis.meaning, flags.episodes, lanes, [&](uint32_t done) { progress.Show(done); });
    if (!played.ok()) return played.status();
    episodes = *std::move(played);
    return absl::OkStatus();
  };
  absl::Status status = play_with(network, "the policy", analysis.policy);
  for (const auto& [rule, episodes] : {std::pair{"adaptive", &analysis.adaptive}, {"oracle", &analysis.oracle}}) {
    PolicyChoice choice;
    choice.config = network.config;
    choice.rule = rule;
    if (status.ok()) status = play_with(choice, absl::StrCat("rule ", rule), *episodes);
  }
  if (!status.ok()) return status;
  analysis.signal = analysis::SignalSteps(analysis.policy, analysis.meaning);
  analysis.drift = analysis::DriftOf(analysis.policy);
  return analysis;
}

// Where the files go that the user gave no folder for.
std::string DefaultOut(const std::string& policy) {
  std::error_code error;
  return std::filesystem::exists(policy + "/config.textproto", error) ? policy + "/analysis" : "analysis";
}

// Its episodes.csv is the run's own.
absl::Status RefuseRunDirectory(const std::string& out) {
  std::error_code error;
  for (const char* name : {"config.textproto", "checkpoints", "metrics.jsonl"}) {
    if (!std::filesystem::exists(absl::StrCat(out, "/", name), error)) continue;
    return absl::InvalidArgumentError(absl::StrCat("--out: ", out, " is a run directory (it holds ", name,
                                                   "), and the run has an episodes.csv of its own; give another "
                                                   "folder, for example ",
                                                   out, "/analysis"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddAnalyseOptions(CLI::App& verb, AnalyseFlags& flags) {
  verb.add_option("--episodes", flags.episodes, "Episodes to play")
      ->check(CLI::Range(kLeastEpisodes, 100'000u))
      ->capture_default_str();
  verb.add_option("--points", flags.points,
                  "Episodes whose dots are drawn and written against the task. The numbers are of all")
      ->check(CLI::Range(1u, 100'000u))
      ->capture_default_str();
  AddFormatFlag(verb, flags.style.formats);
  verb.add_flag("--json", flags.json, "One JSON object on one line, the last of stdout");
}

absl::Status Analyse(const std::string& verb, const AnalyseFlags& flags) {
  if (absl::Status status = RefuseFileForFolder("--out", flags.out); !status.ok()) return status;
  absl::StatusOr<PolicyChoice> choice = ChooseNetwork(flags.policy);
  if (!choice.ok()) return choice.status();
  if (absl::Status known = analysis::MeaningOf(choice->config.benchmark()).status(); !known.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(flags.policy.policy, ": ", std::string(known.message())));
  }
  const std::string out = flags.out.empty() ? DefaultOut(flags.policy.policy) : flags.out;
  if (absl::Status status = RefuseRunDirectory(out); !status.ok()) return status;
  if (absl::Status status = fs::RealFileSystem().CreateDirectories(out); !status.ok())
    return text::Prefixed("--out", status);
  absl::StatusOr<analysis::Analysis> analysis = Play(*choice, flags);
  if (!analysis.ok()) return analysis.status();
  if (absl::Status status = analysis::WriteTables(*analysis, flags.points, out); !status.ok()) return status;
  const absl::Status drawn = analysis::DrawFigures(*analysis, flags.points, flags.style, out);
  if (!drawn.ok() && !absl::IsNotFound(drawn)) return drawn;
  if (!drawn.ok()) std::cerr << "nmn " << verb << ": no figure is drawn: " << drawn.message() << "\n";
  std::cerr << "wrote " << out << "/analysis.json and " << out << "/*.csv"
            << (drawn.ok() ? absl::StrCat(" and ", out, "/*.", Braced(flags.style.formats)) : "") << "\n";
  std::cout << (flags.json ? analysis::ToJson(*analysis) + "\n" : analysis::ToTable(*analysis));
  return absl::OkStatus();
}

void AddAnalyse(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("analyse", "Show how a policy adapts within an episode, and what z says");
  verb->footer(
      "It plays episodes of b1, b2 or b3 with a network, and the same episodes with the rules adaptive (finds the "
      "task\n"
      "out, as well as is known) and oracle (knows it). It says:\n"
      "  how fast   the step of the first hit, and that at which the mean reward is 95 % of its final rate\n"
      "  how well   the regret against both rules\n"
      "  what z is  R^2 of a spline of each z on the task's variable at steps 0, 1, 2, 5, 20 and 200, and how far z\n"
      "             drifts after step 20 (networks NMN)\n"
      "DIR gets these as CSV, analysis.json and figures: z and rewards against the task (the paper's figure 3), "
      "rewards\n"
      "over time, R^2 and drift. docs/cli.md has each file. Without gnuplot it writes all but the figures.\n"
      "Episode e is the episode e of nmn eval with the same seed.\n"
      "Examples:  nmn analyse runs/b1-nmn-fast-s1-20260101T120000Z\n"
      "           nmn analyse docs/results/policies/b2-nmn.safetensors --mean --out=figures --json");
  auto flags = std::make_shared<AnalyseFlags>();
  verb->add_option("POLICY", flags->policy.policy, "RUN_DIR, RUN_DIR/checkpoints/ckpt-N or FILE.safetensors")
      ->required();
  verb->add_option("--out", flags->out, "Folder for the files [RUN_DIR/analysis for a run, analysis for a file]")
      ->type_name("DIR");
  AddAnalyseOptions(*verb, *flags);
  AddPlayOptions(*verb, flags->policy);
  verb->callback([flags, &exit_code] {
    const absl::Status status = Analyse("analyse", *flags);
    exit_code = status.ok() ? kExitDone : Fail("analyse", status);
  });
}

}  // namespace nmn::cli
