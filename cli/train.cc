// nmn train: a learner and its actors in one process, over gRPC's in-process channel, so the code path is the
// cluster's.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <stop_token>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bridge/task_flags.h"
#include "cli/embedded_actors.h"
#include "cli/fail.h"
#include "cli/policy_choice.h"
#include "cli/progress.h"
#include "cli/report/learning_curve.h"
#include "cli/train_config.h"
#include "cli/verbs.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/env/environment.h"
#include "common/env/figures.h"
#include "common/flags/command.h"
#include "common/fs/endless.h"
#include "common/fs/folders_below.h"
#include "common/log/log.h"
#include "common/metrics/exporter.h"
#include "common/process/program.h"
#include "common/process/starting.h"
#include "common/sync/signal_watcher.h"
#include "common/terminal/terminal.h"
#include "common/text/counted.h"
#include "common/text/number.h"
#include "learner/run/learner_run.h"
#include "learner/run/run_flags.h"

namespace nmn::cli {
namespace {

struct TrainOptions {
  TrainFlags flags;
  bridge::TaskFlags brought;
  run::RunOptions run;
  uint32_t actors = 1;
  bool print_config = false;
  bool no_figure = false;
  std::string log_level = "warn";
  std::string log_format = "text";  // as the progress is
};

// What a run remembers, so that it need not be said again.
const std::vector<std::string> kStored = {"task",    "arch",     "preset", "config",        "seed",
                                          "updates", "episodes", "set",    "scale_schedule"};

// The stored config of a directory in which a checkpoint was completed; nullopt if there is none to continue.
absl::StatusOr<std::optional<v1::RunConfig>> StoredConfig(const std::string& directory) {
  checkpoint::CheckpointStore store(fs::RealFileSystem(), directory, 1);
  absl::StatusOr<bool> any = store.Any();
  if (!any.ok()) return any.status();
  if (!*any) return std::nullopt;
  const std::string file = directory + "/config.textproto";
  if (absl::Status status = fs::RefuseEndless(file, "another run, or put its config back"); !status.ok()) return status;
  absl::StatusOr<v1::RunConfig> config = config::Load(file);
  if (!config.ok()) return config.status();
  return *config;
}

bool HoldsARun(const std::string& directory) {
  if (directory.empty()) return false;
  const absl::StatusOr<bool> any = checkpoint::CheckpointStore(fs::RealFileSystem(), directory, 1).Any();
  return any.ok() && *any;
}

absl::StatusOr<v1::RunConfig> ResolveConfig(const TrainOptions& options) {
  if (!options.run.resume) {
    const bool says_what = options.flags.config_path || options.flags.benchmark;
    if (!says_what && HoldsARun(options.run.directory)) {
      return absl::InvalidArgumentError(absl::StrCat("--run_dir=", options.run.directory,
                                                     " holds a run; add --resume to go on with it. A new run needs "
                                                     "--task or --config, and a directory of its own"));
    }
    return NewRunConfig(options.flags);
  }
  if (options.run.directory.empty())
    return absl::InvalidArgumentError(absl::StrCat("--resume needs --run_dir, the directory of the run to continue",
                                                   fs::FoldersBelow("runs", "checkpoints")));
  absl::StatusOr<std::optional<v1::RunConfig>> stored = StoredConfig(options.run.directory);
  if (!stored.ok()) return stored.status();
  if (stored->has_value()) return ResumedRunConfig(options.flags, **stored);
  if (!options.flags.config_path && !options.flags.benchmark) {
    return absl::NotFoundError(absl::StrCat("--run_dir=", options.run.directory,
                                            ": there is no run to continue, no checkpoint was completed there; correct "
                                            "it, or say with --task or --config what to begin",
                                            fs::FoldersBelow(options.run.directory, "checkpoints")));
  }
  return NewRunConfig(options.flags);
}

// Says in which file the learning curve is. Its numbers need no gnuplot.
std::string LearningCurveLine(const std::string& directory) {
  const absl::StatusOr<report::Run> run = report::ReadRun(directory);
  if (!run.ok()) return absl::StrCat("no learning curve was drawn: ", run.status().message());
  const report::LearningCurve curve = report::MakeLearningCurve({*run}, {});
  if (absl::Status status = report::WriteLearningCurve(curve, directory); !status.ok())
    return absl::StrCat("no learning curve was written: ", status.message());
  const absl::Status drawn = report::DrawLearningCurve(curve, directory);
  if (!drawn.ok())
    return absl::StrCat("learning curve: ", directory, "/learning_curve.csv (no picture: ", drawn.message(), ")");
  std::string line = absl::StrCat("learning curve: ", directory, "/learning_curve.png (and .svg, .csv)");
  for (const std::string& notice : run->notices) absl::StrAppend(&line, "\n", notice);
  // The curve of a run that has hardly begun is all noise, whatever is beside it.
  if (run->returns.size() < curve.options.smooth) return line;
  const std::string command = absl::StrCat("nmn report ", flags::ShellQuoted(directory), " ");
  if (const std::optional<std::string> notice = report::OracleNotice(curve, {}, command))
    absl::StrAppend(&line, "\n", *notice);
  return line;
}

// `task`: the flags that name it.
void PrintOutcome(const v1::RunConfig& config, const std::string& task, const std::string& directory,
                  const run::UpdateSummary& last, bool figure) {
  const std::optional<env::Optimum> optimum = env::KnownTrainingOptimum(config);
  std::cout << absl::StrFormat("\n%s %s, preset %s, seed %d: %s, %s in %s\n", config.benchmark(),
                               config.network().architecture() == v1::RNN ? "RNN" : "NMN", config.preset(),
                               config.seed(), text::Counted(last.update, "update"),
                               text::Counted(last.episodes, "episode"), HumanDuration(last.wall_seconds));
  std::cout << absl::StrFormat("discounted return, mean of the last %s: %s",
                               text::Counted(last.recent_episodes(), "episode"), text::Rounded(last.discounted_recent));
  if (optimum)
    std::cout << absl::StrFormat("  (an oracle that knows the task: %s)", text::Rounded(optimum->discounted));
  std::cout << "\n";
  if (figure) std::cout << LearningCurveLine(directory) << "\n";
  std::cout << "look closer:    " << flags::CalledAs("nmn") << " eval " << task
            << " --policy=" << flags::ShellQuoted(directory) << " --episodes=1000\n";
}

// Remembers the last update for the outcome.
class TrainObserver : public Progress {
 public:
  using Progress::Progress;
  void OnUpdate(const run::UpdateSummary& summary) override {
    last = summary;
    Progress::OnUpdate(summary);
  }
  run::UpdateSummary last;
};

int Train(TrainOptions options, const CLI::App& verb) {
  const auto fail = [](const absl::Status& status) { return Fail("train", status); };
  if (absl::Status status = log::SetUp("nmn", options.log_level, options.log_format); !status.ok()) return fail(status);
  std::string task = options.flags.benchmark.value_or("");
  if (absl::Status status = bridge::BringTask(options.brought, task); !status.ok()) return fail(status);
  if (!task.empty() && !options.flags.config_path) options.flags.benchmark = task;
  absl::StatusOr<v1::RunConfig> config = ResolveConfig(options);
  if (!config.ok()) return fail(config.status());
  if (options.brought.any() && config->benchmark() != task) {
    return fail(absl::InvalidArgumentError(
        absl::StrCat("--config=", *options.flags.config_path, " is of task ", config->benchmark(), ", and ",
                     options.brought.Command(), " brings ", task, "; give the config of that task, or leave it out")));
  }
  const std::string source =
      options.run.resume ? options.run.directory : absl::StrCat("--config=", options.flags.config_path.value_or(""));
  if (absl::Status status = CheckTaskIsHere(source, *config); !status.ok()) return fail(status);
  if (absl::Status status = env::FindSpec(config->benchmark()).status(); !status.ok()) return fail(status);
  options.run.config = *config;
  if (options.print_config) {
    const absl::StatusOr<v1::RunConfig> checked = run::CheckedConfig(options.run);
    if (!checked.ok()) return fail(checked.status());
    std::cout << config::Print(*checked);
    return kExitDone;
  }
  process::OutliveReaders();
  if (absl::Status status = process::CheckRoomToTrain(options.actors + options.run.trainer.threads); !status.ok())
    return fail(status);
  const bool by_default = options.run.directory.empty();
  if (by_default) options.run.directory = run::MakeDefaultRunDirectory(*config);

  std::stop_source stop;
  process::Starting starting(run::StoppedWhileStarting(verb, options.run.directory));
  SignalWatcher signals(
      [&](int) {
        starting.Stop();
        stop.request_stop();
      },
      "nmn train: ended at once; what came after the last checkpoint is lost, continue with --resume");
  TrainObserver observer(log::Stream(), terminal::MayRewrite(STDERR_FILENO));
  absl::StatusOr<std::unique_ptr<run::LearnerRun>> run = run::LearnerRun::Start(options.run, observer);
  starting.Over();
  if (!run.ok() && by_default) run::RemoveUnusedRunDirectory(options.run.directory);
  if (!run.ok()) return fail(run.status());
  if ((*run)->already_complete()) return (*run)->Run(stop.get_token());

  if (!(*run)->metrics_url().empty()) {
    // Somebody knows the port from the documentation, or has it open.
    const bool usual = absl::StrContains((*run)->metrics_url(), metrics::kLearnerAddress);
    observer.OnNotice(absl::StrCat(
        "look at it live: ", (*run)->page_url(),
        options.run.metrics_on_any_port && !usual ? absl::StrCat(" (", metrics::kLearnerAddress, " is in use)") : ""));
    observer.OnNotice(absl::StrCat("metrics on ", (*run)->metrics_url()));
  }
  observer.OnNotice(absl::StrCat("run directory ", options.run.directory,
                                 options.run.listen.empty() ? "" : ", serving on ",
                                 options.run.listen.empty() ? "" : (*run)->server().address()));
  if (const std::optional<std::string> notice = config::ScheduleNotice(*config);
      notice && (!options.run.resume || options.flags.updates || options.flags.episodes))
    observer.OnNotice(*notice);
  EmbeddedActors actors((*run)->server(), options.actors, [&] {
    (*run)->NoteFailure();
    stop.request_stop();
  });
  const ExitCode code = (*run)->Run(stop.get_token());
  actors.Stop();
  if (actors.outcome() != kExitDone) {
    observer.OnNotice(absl::StrCat("the run stopped after update ", (*run)->update(),
                                   " because an actor failed; mend "
                                   "that, then continue with: ",
                                   run::ResumeCommand(verb, options.run.directory, kStored)));
    return actors.outcome();
  }
  if (code == kExitInterrupted) {
    observer.OnNotice(absl::StrCat("stopped after update ", (*run)->update(),
                                   "; continue with: ", run::ResumeCommand(verb, options.run.directory, kStored)));
  }
  if (code == kExitDone)
    PrintOutcome(*config,
                 options.brought.any() ? options.brought.Command() : absl::StrCat("--task=", config->benchmark()),
                 options.run.directory, observer.last, !options.no_figure);
  return code;
}

}  // namespace

void AddTrain(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("train", "Train a policy, with learner and actors in one process");
  auto options = std::make_shared<TrainOptions>();
  options->actors = std::max(1u, std::thread::hardware_concurrency());
  TrainFlags& flags = options->flags;
  CLI::Option* task = verb->add_option("--task,--benchmark", flags.benchmark, env::ListOfTasks(/*titles=*/true));
  task->type_name("TASK");
  bridge::AddTaskFlags(*verb, options->brought);
  CLI::Option* arch = verb->add_option("--arch", flags.arch, "nmn (default) or rnn")->type_name("ARCH");
  CLI::Option* preset =
      verb->add_option("--preset", flags.preset,
                       "default; the benchmarks of the paper have fast (their default), reference and paper")
          ->type_name("PRESET");
  verb->add_option("--config", flags.config_path,
                   "a whole RunConfig as textproto, in place of benchmark, arch and preset")
      ->type_name("FILE")
      ->excludes(task)
      ->excludes(arch)
      ->excludes(preset);
  verb->add_option("--seed", flags.seed, "seed of every random number of the run (default 1)");
  verb->add_option("--updates", flags.updates, "budget: stop after this many updates")
      ->excludes(verb->add_option("--episodes", flags.episodes, "budget: stop after this many episodes"));
  verb->add_flag("--scale_schedule", flags.scale_schedule,
                 "make the schedule of learning (ppo.anneal_updates) as long as the budget");
  verb->add_option("--set", flags.assignments,
                   "set a field of the config, e.g. ppo.kl_penalty.kl_target=0.01; may be repeated")
      ->type_name("FIELD=VALUE")
      ->take_all()
      ->delimiter('\0');
  CLI::Option* metrics_address = run::AddRunFlags(
      *verb,
      {.run_dir = "directory of the run (default runs/BENCHMARK-ARCH-PRESET-sSEED-UTC)",
       .listen = "also serve nmn-actor processes on this address, e.g. 127.0.0.1:50051; port 0 takes a free one",
       .metrics = absl::StrCat(run::kMetricsHelp, "; if the default is in use, a free port is taken")},
      options->run);
  verb->add_option("--actors", options->actors, "actor threads in this process; does not change results")
      ->default_str("the cores of the machine")
      ->check(CLI::Range(1, 1024));
  verb->add_flag("--print_config", options->print_config, "print the config that nmn-learner takes, and exit");
  verb->add_flag("--no_figure", options->no_figure, "draw no learning curve at the end");
  verb->add_option("--log_level", options->log_level, "trace, debug, info, warn, error or off")
      ->type_name("LEVEL")
      ->capture_default_str();
  verb->add_option("--log_format", options->log_format, log::kFormatHelp)
      ->type_name("LOG_FORMAT")
      ->capture_default_str();
  verb->footer(
      "Example:  nmn train --benchmark=b1 --preset=fast --seed=1\n"
      "Ctrl-C saves a checkpoint and stops (exit code 75). --resume --run_dir=DIR goes on, bit for bit.");
  verb->callback([options, verb, metrics_address, &exit_code] {
    options->run.metrics_on_any_port = metrics_address->count() == 0;
    exit_code = Train(*options, *verb);
  });
}

}  // namespace nmn::cli
