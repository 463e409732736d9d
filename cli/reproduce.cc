// nmn reproduce: the paper's figures, each by one command.

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/analyse.h"
#include "cli/fail.h"
#include "cli/format_flag.h"
#include "cli/own_file.h"
#include "cli/reproduce/learning.h"
#include "cli/reproduce/policies.h"
#include "cli/reproduce/training.h"
#include "cli/verbs.h"
#include "common/env/environment.h"
#include "common/flags/command.h"
#include "common/process/program.h"
#include "common/sync/signal_watcher.h"

namespace nmn::cli {
namespace {

// A figure of trained runs.
struct LearningFlags {
  std::string name;  // "figure2"; of its files too
  std::string title;
  reproduce::TrainingRequest request;
  report::Style style;
  bool smoke = false;
  bool json = false;
};

constexpr char kSmokeEnding[] = "-smoke";  // of the folder that --smoke has where none is named

struct Figure3Flags {
  AnalyseFlags analyse;
  std::string benchmark = env::BenchmarkNames().front(), architecture = "nmn";
};

absl::Status Draw(const LearningFlags& flags, const reproduce::Learning& learning) {
  const std::string& out = flags.request.out;
  const absl::Status drawn = reproduce::DrawLearning(learning, flags.title, flags.style, out, flags.name);
  if (!drawn.ok() && !absl::IsNotFound(drawn)) return drawn;
  if (!drawn.ok()) std::cerr << "nmn reproduce: no figure is drawn: " << drawn.message() << "\n";
  std::cerr << "wrote " << out << "/" << flags.name << ".{csv,json} and " << flags.name << "_scores.csv";
  if (drawn.ok()) std::cerr << " and " << flags.name << "." << Braced(flags.style.formats);
  std::cerr << "\n";
  return absl::OkStatus();
}

absl::StatusOr<int> Learn(LearningFlags flags) {
  if (absl::Status status = RefuseFileForFolder("--out", flags.request.out); !status.ok()) return status;
  process::OutliveReaders(process::Stdout::kResult);
  if (flags.smoke) reproduce::MakeSmall(flags.request);
  std::stop_source stop;
  SignalWatcher signals([&stop](int) { stop.request_stop(); },
                        "nmn reproduce: ended at once; its runs were told to stop, call it again to go on");
  absl::StatusOr<reproduce::Training> training = reproduce::Train(flags.request, stop.get_token());
  if (!training.ok()) return training.status();
  if (flags.request.estimate_only) return training->code;
  if (training->code == kExitInterrupted) {
    std::cerr << "stopped; the same command goes on, and " << flags::CalledAs("nmn") << " sweep status "
              << flags::ShellQuoted(training->sweep.path) << " says how far it is\n";
    return training->code;
  }
  absl::StatusOr<reproduce::Learning> learning = reproduce::ReadLearning(training->sweep);
  if (!learning.ok()) {
    // Runs that may work later leave figures that may.
    const bool later = training->code == kExitRetry;
    return later ? absl::UnavailableError(learning.status().message()) : learning.status();
  }
  for (const std::string& notice : learning->notices) std::cerr << "nmn reproduce: " << notice << "\n";
  if (absl::Status status = reproduce::WriteLearning(*learning, flags.request.out, flags.name); !status.ok())
    return status;
  if (absl::Status status = Draw(flags, *learning); !status.ok()) return status;
  std::cout << (flags.json ? reproduce::ToJson(*learning) + "\n" : reproduce::ToTable(*learning));
  return training->code;
}

void AddLearningFlags(CLI::App& verb, LearningFlags& flags) {
  sweep::GridRequest& grid = flags.request.grid;
  const sweep::GridRequest& defaults = flags.request.defaults;
  verb.add_option("--out", flags.request.out, "Folder for runs and figures; the same folder goes on with its runs")
      ->type_name("DIR")
      ->capture_default_str();
  verb.add_option("--benchmarks", grid.benchmarks,
                  absl::StrCat("Benchmarks, with commas [", absl::StrJoin(defaults.benchmarks, ","), "]"))
      ->type_name("BENCHMARK")
      ->delimiter(',');
  verb.add_option("--seeds", grid.seeds, absl::StrCat("Seeds, e.g. 1-5 or 1,2,8 [", *defaults.seeds, "]"))
      ->type_name("SEEDS");
  verb.add_option("--preset", grid.preset, absl::StrCat("fast, reference or paper [", *defaults.preset, "]"))
      ->type_name("PRESET");
  verb.add_option("--updates", grid.updates, "Budget of each run in updates [the preset's]");
  verb.add_option("--jobs", flags.request.engine.flags.jobs, "How many runs go at once [one a core]")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--threads", flags.request.engine.flags.threads,
                  "Threads of each run; does not change results [the cores divided among the runs]")
      ->check(CLI::Range(0, 1024));
  AddFormatFlag(verb, flags.style.formats);
  verb.add_flag("--estimate", flags.request.estimate_only, "Say how long it will take, and train nothing else");
  verb.add_flag("--smoke", flags.smoke,
                absl::StrCat("Runs of seconds that show that it works. Their curves say nothing. They have an --out of "
                             "their own [",
                             flags.request.out, kSmokeEnding, "]"));
  verb.add_flag("--json", flags.json, "The statistics as one JSON object on one line, the last of stdout");
}

void SetCallback(CLI::App& verb, const std::shared_ptr<LearningFlags>& flags, int& exit_code) {
  verb.callback([flags, &verb, &exit_code] {
    // Runs of seconds are in nobody's way.
    if (flags->smoke && verb.get_option("--out")->count() == 0) flags->request.out += kSmokeEnding;
    const absl::StatusOr<int> code = Learn(*flags);
    exit_code = code.ok() ? *code : Fail(absl::StrCat("reproduce ", flags->name), code.status());
  });
}

void AddFigure2(CLI::App& reproduce, int& exit_code) {
  CLI::App* verb = reproduce.add_subcommand("figure2", "NMN and RNN while they learn: sum of rewards against episodes");
  verb->footer(
      "It trains NMN and RNN on each benchmark with 15 seeds, as a sweep in OUT/sweep, and draws the running mean "
      "over\n"
      "1000 episodes of the sum of rewards: mean and standard deviation over seeds, a panel a benchmark.\n"
      "Beside it stand the interquartile mean with its 95 % stratified bootstrap interval, the probability that a run "
      "of\n"
      "the NMN beats one of the RNN, the same over all episodes (area under the curve), the worst seed, and the ratio "
      "of\n"
      "the deviations.\n"
      "Before it begins it says how long it will take; --estimate says no more than that. Ctrl-C stops every run with "
      "a\n"
      "checkpoint (exit code 75), and the same command goes on. When all runs are done it only draws.\n"
      "With Slurm or Kubernetes: nmn sweep OUT/sweep --engine=slurm, and this command again when that is done.\n"
      "Examples:  nmn reproduce figure2 --estimate\n"
      "           nmn reproduce figure2 --benchmarks=b1 --seeds=1-5 --jobs=2 --out=figure2\n"
      "           nmn reproduce figure2 --smoke");
  auto flags = std::make_shared<LearningFlags>();
  flags->name = "figure2";
  flags->title = "Sum of rewards while learning (running mean over 1000 episodes)";
  flags->request.out = "figure2";
  sweep::GridRequest& defaults = flags->request.defaults;
  defaults.benchmarks = env::BenchmarkNames();
  defaults.architectures = {"nmn", "rnn"};
  defaults.seeds = "1-15";
  defaults.preset = "fast";
  AddLearningFlags(*verb, *flags);
  SetCallback(*verb, flags, exit_code);
}

void AddJournal(CLI::App& reproduce, int& exit_code) {
  CLI::App* verb = reproduce.add_subcommand(
      "journal", "What the paper's journal version adds: a sigmoid, and main networks of 0, 1 and 4 hidden layers");
  verb->footer(
      "It trains NMN and RNN on b1 with each activation (saturated ReLU, sigmoid) and 0, 1 and 4 hidden layers of 10\n"
      "neurons, with 5 seeds each, as a sweep in OUT/sweep, and draws a panel for each.\n"
      "Both architectures have the same hidden layers here, so their numbers of parameters differ by more than 2 %.\n"
      "Not here: a z that is frozen, released, and frozen again while the targets of b3 are swapped. No field of the\n"
      "config freezes z. nmn trace --set task.switch_steps=STEPS shows rewards and z where a task is drawn anew.\n"
      "The rest is as with figure2.\n"
      "Example:  nmn reproduce journal --seeds=1-3 --jobs=2");
  auto flags = std::make_shared<LearningFlags>();
  flags->name = "journal";
  flags->title = "Activation and depth of the main network: sum of rewards while learning";
  flags->request.out = "journal";
  sweep::GridRequest& defaults = flags->request.defaults;
  defaults.benchmarks = {env::BenchmarkNames().front()};
  defaults.architectures = {"nmn", "rnn"};
  defaults.axes = {"network.main_activation=SATURATED_RELU,SIGMOID", "network.hidden_sizes=[],[10],[10,10,10,10]"};
  defaults.seeds = "1-5";
  defaults.preset = "fast";
  AddLearningFlags(*verb, *flags);
  SetCallback(*verb, flags, exit_code);
}

absl::Status Figure3(Figure3Flags flags) {
  if (flags.analyse.policy.policy.empty()) {
    absl::StatusOr<std::string> policy = reproduce::FindPolicy(flags.benchmark, flags.architecture);
    if (!policy.ok()) return policy.status();
    flags.analyse.policy.policy = *std::move(policy);
    std::cerr << "policy: " << flags.analyse.policy.policy << "\n";
  }
  return Analyse("reproduce figure3", flags.analyse);
}

void AddFigure3(CLI::App& reproduce, int& exit_code) {
  CLI::App* verb = reproduce.add_subcommand("figure3", "What z says of the task within an episode, and the rewards");
  verb->footer(
      "It does what nmn analyse does, with a policy that comes with the program: docs/results/policies of the source\n"
      "tree, or share/nmn/policies of an installed program. OUT/signal_by_task.* is the paper's figure 3.\n"
      "Examples:  nmn reproduce figure3\n"
      "           nmn reproduce figure3 --benchmark=b2 --mean --out=figure3-b2\n"
      "           nmn reproduce figure3 --policy=runs/b1-nmn-fast-s1-20260101T120000Z");
  auto flags = std::make_shared<Figure3Flags>();
  flags->analyse.out = "figure3";
  verb->add_option("--benchmark", flags->benchmark, "Of the policy that comes with the program")
      ->type_name("BENCHMARK")
      ->check(CLI::IsMember(env::BenchmarkNames()))
      ->capture_default_str();
  verb->add_option("--arch", flags->architecture, "Likewise: nmn or rnn")
      ->type_name("ARCH")
      ->check(CLI::IsMember({"nmn", "rnn"}))
      ->capture_default_str();
  verb->add_option("--policy", flags->analyse.policy.policy,
                   "Another policy: RUN_DIR, RUN_DIR/checkpoints/ckpt-N or FILE.safetensors")
      ->type_name("SOURCE");
  verb->add_option("--out", flags->analyse.out, "Folder for the files")->type_name("DIR")->capture_default_str();
  AddAnalyseOptions(*verb, flags->analyse);
  AddPlayOptions(*verb, flags->analyse.policy);
  verb->callback([flags, &exit_code] {
    const absl::Status status = Figure3(*flags);
    exit_code = status.ok() ? kExitDone : Fail("reproduce figure3", status);
  });
}

}  // namespace

void AddReproduce(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("reproduce", "Make the paper's figures, each by one command");
  AddFigure2(*verb, exit_code);
  AddFigure3(*verb, exit_code);
  AddJournal(*verb, exit_code);
  verb->callback([verb, &exit_code] {
    if (!verb->get_subcommands().empty()) return;
    exit_code =
        Fail("reproduce",
             absl::InvalidArgumentError("name a figure: figure2, figure3 or journal; see nmn reproduce --help"));
  });
}

}  // namespace nmn::cli
