// nmn sweep: many runs with one command, here or by a scheduler; calling it again goes on with what is not done.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <stop_token>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bridge/task_flags.h"
#include "cli/fail.h"
#include "cli/sweep/directory.h"
#include "cli/sweep/kubernetes.h"
#include "cli/sweep/local.h"
#include "cli/sweep/progress.h"
#include "cli/sweep/run_state.h"
#include "cli/sweep/slurm.h"
#include "cli/sweep/status_table.h"
#include "cli/verbs.h"
#include "common/build/build.h"
#include "common/config/schedule.h"
#include "common/env/environment.h"
#include "common/flags/command.h"
#include "common/log/log.h"
#include "common/process/program.h"
#include "common/sync/signal_watcher.h"
#include "common/terminal/terminal.h"
#include "common/text/counted.h"

namespace nmn::cli {
namespace {

struct SweepFlags {
  std::string directory;
  std::optional<std::string> init_from;
  bridge::TaskFlags brought;
  sweep::GridRequest grid;
  sweep::EngineRequest engine;
};

struct StatusFlags {
  std::string directory;
  bool json = false;
};

// What a person should know of the sweep that is there now, in lines.
std::string Notices(const sweep::OpenSweep& open) {
  const sweep::SweepDirectory& sweep = open.sweep;
  std::string lines;
  if (const std::optional<std::string> notice = config::ScheduleNotice(sweep.runs[0].config); notice && open.is_new)
    absl::StrAppend(&lines, *notice, "\n");
  if (sweep.grid.init_from && open.is_new) {
    absl::StrAppend(&lines, "every run begins with ", sweep::Describe(*sweep.grid.init_from), ", update ",
                    sweep.grid.init_from->policy->update, "; ", sweep.InitialWeightsPath(), " is a copy\n");
  }
  if (!open.growth.empty()) absl::StrAppend(&lines, "the sweep grows: ", open.growth, "\n");
  if (!open.change.empty())
    absl::StrAppend(&lines, "from their next start on, runs that are not done have ", open.change, "\n");
  return lines;
}

absl::StatusOr<int> RunHere(const sweep::OpenSweep& open, const bridge::TaskFlags& brought) {
  const sweep::SweepDirectory& sweep = open.sweep;
  if (absl::Status status = sweep::Save(sweep); !status.ok()) return status;
  process::OutliveReaders();
  log::Say(Notices(open));
  std::stop_source stop;
  SignalWatcher signals([&stop](int) { stop.request_stop(); },
                        "nmn sweep: ended at once; its runs were told to stop, call it again to go on");
  sweep::SweepProgress progress(log::Stream(), terminal::MayRewrite(STDERR_FILENO));
  sweep::LocalOptions options = sweep::LocalOptionsOf(sweep.engine);
  options.task = brought.Arguments();
  absl::StatusOr<ExitCode> code = sweep::RunLocally(sweep, *open.lock, options, stop.get_token(), progress);
  progress.End();
  if (!code.ok()) return code.status();
  std::cout << sweep::Table(sweep::ReadStates(sweep));
  const std::string path = flags::ShellQuoted(sweep.path);
  if (*code == kExitDone) {
    progress.Note(absl::StrCat("curves: ", flags::CalledAs("nmn"), " report ", path,
                               " --out=", flags::ShellQuoted(sweep.path + "/report")));
  } else {
    progress.Note(absl::StrCat("go on with: ", flags::CalledAs("nmn"), " sweep ", path, brought.any() ? " " : "",
                               brought.Command(), "; logs are in ", sweep.path, "/logs"));
  }
  return *code;
}

absl::StatusOr<int> Submit(const sweep::OpenSweep& open, const bridge::TaskFlags& brought) {
  const sweep::SweepDirectory& sweep = open.sweep;
  if (absl::Status status = sweep::Save(sweep); !status.ok()) return status;
  log::Say(Notices(open));
  sweep::SlurmOptions options;
  options.jobs = sweep.engine.jobs.value_or(0);
  options.actors = sweep.engine.actors.value_or(options.actors);
  options.threads = std::max<size_t>(1, sweep.engine.threads.value_or(0));
  options.restarts = sweep.engine.restarts.value_or(options.restarts);
  options.device = sweep.engine.device.value_or(options.device);
  options.arguments = sweep.engine.sbatch;
  options.task = brought.Arguments();
  absl::StatusOr<std::string> done = sweep::SubmitToSlurm(sweep, options);
  if (!done.ok()) return done.status();
  std::cout << *done << "\nsee: " << flags::CalledAs("nmn") << " sweep status " << flags::ShellQuoted(sweep.path)
            << "\n";
  return kExitDone;
}

absl::StatusOr<int> WriteManifests(const sweep::OpenSweep& open, const bridge::TaskFlags& brought) {
  const sweep::SweepDirectory& sweep = open.sweep;
  if (absl::Status status = sweep::Save(sweep); !status.ok()) return status;
  log::Say(Notices(open));
  sweep::KubernetesOptions options;
  options.jobs = sweep.engine.jobs.value_or(0);
  options.registry = sweep.engine.registry.value_or("");
  options.tag = sweep.engine.tag.value_or(build::Version());
  options.task = brought.Arguments();
  if (absl::Status status = sweep::WriteKubernetes(sweep, options); !status.ok()) return status;
  std::cout << "wrote " << sweep.path << "/kubernetes for " << text::Counted(sweep.runs.size(), "run")
            << "\nstart them: kubectl apply --server-side -k " << flags::ShellQuoted(sweep.path + "/kubernetes")
            << "\n";
  return kExitDone;
}

// Two engines on one sweep would train its runs twice, and Slurm's tasks need the programs beside this one.
absl::Status CheckEngine(const sweep::SweepDirectory& sweep) {
  if (sweep.engine.name == "slurm") return sweep::CheckPrograms();
  const absl::StatusOr<std::map<size_t, sweep::State>> scheduled = sweep::AskSlurm(sweep);
  if (!scheduled.ok()) {
    return absl::Status(scheduled.status().code(), absl::StrCat(scheduled.status().message(),
                                                                "; runs of this sweep may be with Slurm. If none is "
                                                                "any more, remove ",
                                                                sweep.path, "/sweep.sbatch"));
  }
  if (scheduled->empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(scheduled->size(), " of its runs ", scheduled->size() == 1 ? "is" : "are",
                                             " with Slurm; wait for them, or scancel --name=", sweep::JobName(sweep),
                                             ", before --engine=", sweep.engine.name));
}

// A task of the user's own is the only one of its sweep.
absl::Status BringTask(SweepFlags& flags) {
  std::string task = absl::StrJoin(flags.grid.benchmarks, ",");
  if (absl::Status status = bridge::BringTask(flags.brought, task); !status.ok()) return status;
  if (!flags.brought.any()) return absl::OkStatus();
  const absl::StatusOr<v1::TaskSpec> spec = env::MakeTaskSpec(task, {});
  if (!spec.ok()) return spec.status();
  flags.grid.benchmarks = {task};
  flags.grid.task = sweep::TaskText(*spec);
  return absl::OkStatus();
}

// sweep.json says what the task is; its code comes from this command line or from nowhere.
absl::Status CheckBrought(const sweep::SweepDirectory& sweep, const bridge::TaskFlags& brought) {
  if (sweep.grid.task.empty() || brought.any()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(sweep.path, " is of ", sweep.grid.blocks[0].benchmarks[0],
                   ", a task of your own; give --task_python or --task_plugin again: no file brings its code"));
}

absl::StatusOr<int> Sweep(SweepFlags flags) {
  if (flags.directory.empty())
    return absl::InvalidArgumentError("DIR is missing: the directory of the sweep; see nmn sweep --help");
  if (absl::Status status = BringTask(flags); !status.ok()) return status;
  if (flags.init_from) {
    absl::StatusOr<sweep::InitialWeights> weights = sweep::ReadInitialWeights(*flags.init_from);
    if (!weights.ok()) return weights.status();
    flags.grid.init_from = *std::move(weights);
  }
  absl::StatusOr<sweep::OpenSweep> open = sweep::Open(flags.directory, flags.grid, flags.engine);
  if (!open.ok()) return open.status();
  const sweep::SweepDirectory& sweep = open->sweep;
  if (absl::Status status = CheckBrought(sweep, flags.brought); !status.ok()) return status;
  if (absl::Status status = CheckEngine(sweep); !status.ok()) return status;
  if (sweep.engine.name == "slurm") return Submit(*open, flags.brought);
  return sweep.engine.name == "kubernetes" ? WriteManifests(*open, flags.brought) : RunHere(*open, flags.brought);
}

absl::Status PrintStatus(const StatusFlags& flags) {
  const absl::StatusOr<sweep::SweepDirectory> sweep = sweep::Read(flags.directory);
  if (!sweep.ok()) return sweep.status();
  const absl::StatusOr<std::map<size_t, sweep::State>> scheduled = sweep::AskSlurm(*sweep);
  if (!scheduled.ok()) {
    log::Say(absl::StrCat("nmn sweep status: ", scheduled.status().message(),
                          "; what follows is what the files say, without what waits in Slurm's queue\n"));
  }
  const std::vector<sweep::RunState> states =
      sweep::ReadStates(*sweep, scheduled.ok() ? *scheduled : std::map<size_t, sweep::State>());
  std::cout << (flags.json ? sweep::ToJsonLine(states) : sweep::Table(states));
  return absl::OkStatus();
}

void AddSweepStatus(CLI::App& sweep, int& exit_code) {
  CLI::App* verb = sweep.add_subcommand("status", "Show how far the runs of a sweep are");
  verb->footer("Reads the files of DIR, on any machine that sees them.\nExample:  nmn sweep status sweeps/b1");
  auto flags = std::make_shared<StatusFlags>();
  verb->add_option("DIR", flags->directory, "The directory of the sweep")->required();
  verb->add_flag("--json", flags->json, "One JSON object on one line");
  verb->callback([flags, &exit_code] {
    const absl::Status status = PrintStatus(*flags);
    exit_code = status.ok() ? kExitDone : Fail("sweep status", status);
  });
}

}  // namespace

void AddSweep(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("sweep", "Train every benchmark with every architecture, value and seed");
  verb->footer(
      "DIR holds everything: a run directory for each run (DIR/b1-nmn-s1), logs, and sweep.json, which says what the "
      "sweep is.\n"
      "Call it again to go on: it skips runs that are done and goes on with those that were cut. DIR alone is then "
      "enough.\n"
      "Call it with more seeds, architectures or values, or with a larger budget, and the sweep grows. With fewer it "
      "works on those alone.\n"
      "Ctrl-C stops every run with a checkpoint (exit code 75).\n"
      "With --engine=slurm it submits the runs and returns. Call it again to submit those that are not done.\n"
      "Example:  nmn sweep sweeps/b1 --benchmark=b1 --arch=nmn,rnn --seeds=1-30 --preset=fast --jobs=2\n"
      "          nmn sweep sweeps/b1 --seeds=1-40\n"
      "          nmn sweep sweeps/decay --benchmark=b1 --seeds=1-5 --grid=ppo.trace_decay=0.9,0.95\n"
      "          nmn sweep status sweeps/b1\n"
      "          nmn report sweeps/b1 --out=figures");
  auto flags = std::make_shared<SweepFlags>();
  sweep::GridRequest& grid = flags->grid;
  sweep::EngineRequest& engine = flags->engine;
  verb->add_option("DIR", flags->directory, "Directory of the sweep; it is created if it is not there");
  verb->add_option("--task,--benchmark", grid.benchmarks, env::ListOfTasks() + "; several with commas")
      ->type_name("TASK")
      ->delimiter(',');
  bridge::AddTaskFlags(*verb, flags->brought);
  verb->add_option("--arch", grid.architectures, "nmn (default), rnn, or both with a comma")
      ->type_name("ARCH")
      ->delimiter(',');
  verb->add_option("--seeds", grid.seeds, "Seeds, e.g. 1-30 or 1,2,5-8")->type_name("SEEDS");
  verb->add_option("--grid", grid.axes,
                   "A run for each value of a field, e.g. ppo.trace_decay=0.9,0.95. A list stands in "
                   "brackets, e.g. network.hidden_sizes=[30,10],[50]. May be repeated; then there is a run for every "
                   "combination")
      ->type_name("FIELD=VALUES")
      ->take_all()
      ->delimiter('\0');
  verb->add_option("--preset", grid.preset,
                   "default; the benchmarks of the paper have fast (their default), reference and paper")
      ->type_name("PRESET");
  verb->add_option("--updates", grid.updates,
                   "Budget of each run in updates. With a larger one runs that are done go on")
      ->excludes(verb->add_option("--episodes", grid.episodes, "Budget of each run in episodes"));
  verb->add_flag("--scale_schedule", grid.scale_schedule,
                 "Make the schedule of learning (ppo.anneal_updates) as long as the budget, which then cannot grow");
  verb->add_option("--init_from", flags->init_from,
                   "Every run begins with these weights, as far as they fit: RUN_DIR, RUN_DIR/checkpoints/ckpt-N or "
                   "FILE.safetensors. DIR keeps a copy")
      ->type_name("SOURCE");
  verb->add_option(
          "--set", grid.assignments,
          "Set a field for every run; may be repeated. Once the sweep exists, only eval.*, checkpoint.* and work.* may "
          "be set, and they change runs that are not done")
      ->type_name("FIELD=VALUE")
      ->take_all()
      ->delimiter('\0');
  verb->add_option(
          "--engine", engine.name,
          "Who does the runs: local (processes on this machine; the default), slurm (one array job with a task for "
          "each run) or kubernetes (writes DIR/kubernetes for kubectl apply --server-side -k, with an index for each "
          "run). DIR keeps the engine and its flags for later calls")
      ->type_name("ENGINE")
      ->check(CLI::IsMember({"local", "slurm", "kubernetes"}));
  verb->add_option("--jobs", engine.flags.jobs,
                   "How many runs go at once. 0, the default: one a core with local, as many as they start with slurm "
                   "and kubernetes")
      ->check(CLI::Range(size_t{0}, sweep::kMostJobs));
  verb->add_option(
          "--threads", engine.flags.threads,
          "Threads of each process; does not change results. 0, the default: with local the cores divided among the "
          "jobs, with slurm 1")
      ->check(CLI::Range(size_t{0}, sweep::kMostThreads));
  verb->add_option("--actors", engine.flags.actors,
                   "slurm: actor processes of each run (default 1); does not change results")
      ->check(CLI::Range(size_t{1}, sweep::kMostActors));
  verb->add_option("--restarts", engine.flags.restarts,
                   "slurm: how often a task that was cut is queued again (default 20)")
      ->check(CLI::Range(size_t{0}, sweep::kMostRestarts));
  verb->add_option("--sbatch", engine.flags.sbatch,
                   "slurm: one more argument for sbatch, e.g. --sbatch=--partition=long; may be repeated")
      ->type_name("ARGUMENT")
      ->take_all()
      ->delimiter('\0');
  verb->add_option("--registry", engine.flags.registry,
                   "kubernetes: where the images nmn-learner and nmn-actor are, e.g. registry.example/nmn")
      ->type_name("REGISTRY");
  verb->add_option("--tag", engine.flags.tag, "kubernetes: the tag of the images (default: this version)")
      ->type_name("TAG");
  verb->add_option("--device", engine.flags.device, "Where updates run: cpu (default), cuda or cuda:INDEX")
      ->type_name("DEVICE");
  AddSweepStatus(*verb, exit_code);
  verb->callback([verb, flags, &exit_code] {
    if (!verb->get_subcommands().empty()) return;
    const absl::StatusOr<int> code = Sweep(*flags);
    exit_code = code.ok() ? *code : Fail("sweep", code.status());
  });
}

}  // namespace nmn::cli
