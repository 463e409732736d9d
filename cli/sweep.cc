// nmn sweep: many runs with one command, here or by a scheduler; calling it again goes on with what is not done.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "cli/fail.h"
#include "cli/sweep/directory.h"
#include "cli/sweep/kubernetes.h"
#include "cli/sweep/local.h"
#include "cli/sweep/progress.h"
#include "cli/sweep/run_state.h"
#include "cli/sweep/seeds.h"
#include "cli/sweep/slurm.h"
#include "cli/sweep/status_table.h"
#include "cli/verbs.h"
#include "common/build/build.h"
#include "common/process/program.h"
#include "common/sync/signal_watcher.h"
#include "common/terminal/terminal.h"

namespace nmn::cli {
namespace {

struct SweepFlags {
  std::string directory;
  std::vector<std::string> benchmarks;
  std::vector<std::string> architectures;
  std::optional<std::string> seeds;
  std::optional<std::string> preset;
  std::optional<uint32_t> updates;
  std::optional<uint64_t> episodes;
  std::vector<std::string> assignments;
  std::string engine = "local";
  size_t jobs = 0;     // 0: the engine's own
  size_t threads = 0;  // 0: the engine's own
  std::optional<size_t> actors;
  std::optional<size_t> restarts;
  std::vector<std::string> sbatch;
  std::optional<std::string> registry;
  std::optional<std::string> tag;
  std::string device = "cpu";
};

struct StatusFlags {
  std::string directory;
  bool json = false;
};

bool SaysAGrid(const SweepFlags& flags) {
  return !flags.benchmarks.empty() || !flags.architectures.empty() || flags.seeds || flags.preset || flags.updates ||
         flags.episodes || !flags.assignments.empty();
}

absl::StatusOr<sweep::SweepDirectory> Open(const SweepFlags& flags) {
  if (flags.directory.empty())
    return absl::InvalidArgumentError("DIR is missing: the directory of the sweep; see nmn sweep --help");
  if (!SaysAGrid(flags)) return sweep::Read(flags.directory);
  if (!flags.seeds) return absl::InvalidArgumentError("--seeds is missing: e.g. 1-30 or 1,2,5-8");
  absl::StatusOr<std::vector<uint64_t>> seeds = sweep::ParseSeeds(*flags.seeds);
  if (!seeds.ok()) return seeds.status();
  sweep::Grid grid;
  grid.benchmarks = flags.benchmarks;
  grid.architectures = flags.architectures;
  if (grid.architectures.empty()) grid.architectures = {"nmn"};
  grid.seeds = *std::move(seeds);
  grid.preset = flags.preset.value_or("fast");
  grid.updates = flags.updates;
  grid.episodes = flags.episodes;
  grid.assignments = flags.assignments;
  return sweep::Create(flags.directory, grid);
}

// A flag of one engine would be ignored in silence by another.
absl::Status CheckEngine(const SweepFlags& flags) {
  const auto only = [&](bool given, const std::string& flag, const std::string& engine) -> absl::Status {
    if (!given || flags.engine == engine) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " is for --engine=", engine, "; this is --engine=", flags.engine));
  };
  for (const absl::Status& status :
       {only(flags.actors.has_value(), "--actors", "slurm"), only(flags.restarts.has_value(), "--restarts", "slurm"),
        only(!flags.sbatch.empty(), "--sbatch", "slurm"), only(flags.registry.has_value(), "--registry", "kubernetes"),
        only(flags.tag.has_value(), "--tag", "kubernetes")}) {
    if (!status.ok()) return status;
  }
  if (flags.engine == "kubernetes" && (flags.threads != 0 || flags.device != "cpu"))
    return absl::InvalidArgumentError(
        "--threads and --device are not for --engine=kubernetes; patch the learner's container in DIR/kubernetes");
  return absl::OkStatus();
}

size_t Cores() { return std::max(1u, std::thread::hardware_concurrency()); }

absl::StatusOr<int> RunHere(const SweepFlags& flags, const sweep::SweepDirectory& sweep) {
  process::OutliveReaders();
  StopSource stop;
  SignalWatcher signals([&stop](int) { stop.RequestStop(); },
                        "nmn sweep: ended at once; its runs were told to stop, call it again to go on");
  sweep::SweepProgress progress(stderr, terminal::MayRewrite(STDERR_FILENO));
  sweep::LocalOptions options;
  options.jobs = flags.jobs != 0 ? flags.jobs : Cores();
  options.threads = flags.threads != 0 ? flags.threads : std::max<size_t>(1, Cores() / options.jobs);
  options.device = flags.device;
  absl::StatusOr<ExitCode> code = sweep::RunLocally(sweep, options, stop.token(), progress);
  if (!code.ok()) return code.status();
  std::cout << sweep::Table(sweep::ReadStates(sweep));
  if (*code == kExitDone) {
    progress.Note(absl::StrCat("curves: nmn report ", sweep.path, " --out=", sweep.path, "/report"));
  } else {
    progress.Note(absl::StrCat("go on with: nmn sweep ", sweep.path, "; logs are in ", sweep.path, "/logs"));
  }
  return *code;
}

absl::StatusOr<int> Submit(const SweepFlags& flags, const sweep::SweepDirectory& sweep) {
  sweep::SlurmOptions options;
  options.jobs = flags.jobs;
  options.actors = flags.actors.value_or(options.actors);
  options.threads = std::max<size_t>(1, flags.threads);
  options.restarts = flags.restarts.value_or(options.restarts);
  options.device = flags.device;
  options.arguments = flags.sbatch;
  absl::StatusOr<std::string> done = sweep::SubmitToSlurm(sweep, options);
  if (!done.ok()) return done.status();
  std::cout << *done << "\nsee: nmn sweep status " << sweep.path << "\n";
  return kExitDone;
}

absl::StatusOr<int> WriteManifests(const SweepFlags& flags, const sweep::SweepDirectory& sweep) {
  sweep::KubernetesOptions options;
  options.jobs = flags.jobs;
  options.registry = flags.registry.value_or("");
  options.tag = flags.tag.value_or(build::Version());
  if (absl::Status status = sweep::WriteKubernetes(sweep, options); !status.ok()) return status;
  std::cout << "wrote " << sweep.path << "/kubernetes for " << sweep.runs.size()
            << " runs\nstart them: kubectl apply -k " << sweep.path << "/kubernetes\n";
  return kExitDone;
}

absl::StatusOr<int> Sweep(const SweepFlags& flags) {
  if (absl::Status status = CheckEngine(flags); !status.ok()) return status;
  absl::StatusOr<sweep::SweepDirectory> sweep = Open(flags);
  if (!sweep.ok()) return sweep.status();
  absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = sweep::Lock(*sweep);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = sweep::WriteDerived(*sweep); !status.ok()) return status;
  if (flags.engine == "slurm") return Submit(flags, *sweep);
  if (flags.engine == "kubernetes") return WriteManifests(flags, *sweep);
  return RunHere(flags, *sweep);
}

absl::Status PrintStatus(const StatusFlags& flags) {
  const absl::StatusOr<sweep::SweepDirectory> sweep = sweep::Read(flags.directory);
  if (!sweep.ok()) return sweep.status();
  const absl::StatusOr<std::map<size_t, sweep::State>> scheduled = sweep::AskSlurm(*sweep);
  if (!scheduled.ok()) return scheduled.status();
  const std::vector<sweep::RunState> states = sweep::ReadStates(*sweep, *scheduled);
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
  CLI::App* verb = app.add_subcommand("sweep", "Train every benchmark with every architecture with every seed");
  verb->footer(
      "DIR holds everything: a run directory for each run (DIR/b1-nmn-s1), logs, and sweep.json, which says what the "
      "sweep is.\n"
      "Called again, it skips runs that are done and goes on with those that were cut; DIR alone is then enough.\n"
      "Ctrl-C stops every run with a checkpoint (exit code 75).\n"
      "With --engine=slurm it submits and returns; call it again to submit what did not get done.\n"
      "Example:  nmn sweep sweeps/b1 --benchmark=b1 --arch=nmn,rnn --seeds=1-30 --preset=fast --jobs=2\n"
      "          nmn sweep status sweeps/b1\n"
      "          nmn report sweeps/b1 --out=figures");
  auto flags = std::make_shared<SweepFlags>();
  verb->add_option("DIR", flags->directory, "Directory of the sweep; created where absent");
  verb->add_option("--benchmark", flags->benchmarks, "b1, b2, b3, or several with commas")->delimiter(',');
  verb->add_option("--arch", flags->architectures, "nmn (default), rnn, or both with a comma")->delimiter(',');
  verb->add_option("--seeds", flags->seeds, "Seeds, e.g. 1-30 or 1,2,5-8");
  verb->add_option("--preset", flags->preset, "fast (default), reference or paper");
  verb->add_option("--updates", flags->updates, "Budget of each run in updates");
  verb->add_option("--episodes", flags->episodes, "Budget of each run in episodes");
  verb->add_option("--set", flags->assignments, "FIELD=VALUE for every run; may be repeated")
      ->take_all()
      ->delimiter('\0');
  verb->add_option(
          "--engine", flags->engine,
          "Who runs them: local (processes on this machine), slurm (one array job, a task a run) or kubernetes (writes "
          "DIR/kubernetes for kubectl apply -k, an index a run)")
      ->capture_default_str()
      ->check(CLI::IsMember({"local", "slurm", "kubernetes"}));
  verb->add_option("--jobs", flags->jobs,
                   "Runs at once; 0: local one a core, slurm and kubernetes as many as they start")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  verb->add_option("--threads", flags->threads,
                   "Threads of each process; reaches no result; 0: local the cores divided among the jobs, slurm 1")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  verb->add_option("--actors", flags->actors, "slurm: actor processes of each run (default 1); reaches no result")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--restarts", flags->restarts, "slurm: how often a task that was cut is queued again (default 20)")
      ->check(CLI::Range(0, 1000));
  verb->add_option("--sbatch", flags->sbatch,
                   "slurm: one more argument for sbatch, e.g. --sbatch=--partition=long; may be repeated")
      ->take_all()
      ->delimiter('\0');
  verb->add_option("--registry", flags->registry,
                   "kubernetes: where the images nmn-learner and nmn-actor are, e.g. registry.example/nmn");
  verb->add_option("--tag", flags->tag, "kubernetes: of the images (default: this version)");
  verb->add_option("--device", flags->device, "Of the updates: cpu, cuda or cuda:INDEX")->capture_default_str();
  AddSweepStatus(*verb, exit_code);
  verb->callback([verb, flags, &exit_code] {
    if (!verb->get_subcommands().empty()) return;
    const absl::StatusOr<int> code = Sweep(*flags);
    exit_code = code.ok() ? *code : Fail("sweep", code.status());
  });
}

}  // namespace nmn::cli
