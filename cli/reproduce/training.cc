#include "cli/reproduce/training.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/reproduce/estimate.h"
#include "cli/sweep/axes.h"
#include "cli/sweep/local.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/log/log.h"
#include "common/terminal/terminal.h"

namespace nmn::reproduce {
namespace {

// Updates of a probe: the first one is left out, because it begins when its process does.
constexpr uint32_t kProbeUpdates = 4;

// What the call says, or else the default.
sweep::GridRequest Filled(const sweep::GridRequest& given, const sweep::GridRequest& defaults) {
  sweep::GridRequest filled = given;
  if (filled.benchmarks.empty()) filled.benchmarks = defaults.benchmarks;
  if (filled.architectures.empty()) filled.architectures = defaults.architectures;
  if (filled.axes.empty()) filled.axes = defaults.axes;
  if (!filled.seeds) filled.seeds = defaults.seeds;
  if (!filled.preset) filled.preset = defaults.preset;
  if (!filled.updates && !filled.episodes) filled.updates = defaults.updates;
  if (filled.assignments.empty()) filled.assignments = defaults.assignments;
  return filled;
}

std::string TextOf(const sweep::Axis& axis) {
  std::string text = absl::StrCat(axis.field, "=");
  for (size_t i = 0; i < axis.values.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ",", axis.values[i]);
  return text;
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

std::string TextOf(const std::vector<sweep::Axis>& axes) {
  return absl::StrJoin(
      axes, " ", [](std::string* out, const sweep::Axis& axis) { absl::StrAppend(out, "--grid ", TextOf(axis)); });
}

const std::vector<std::string>& SmallAssignments() {
  static const std::vector<std::string> assignments = {"env.horizon=60",
                                                       "ppo.rollout_steps=0",
                                                       "ppo.kept_steps=40",
                                                       "ppo.segment_steps=20",
                                                       "ppo.valued_steps=0",
                                                       "ppo.episodes_per_update=10",
                                                       "work.unit_episodes=5",
                                                       "ppo.policy.minibatch_segments=10",
                                                       "ppo.critic.minibatch_segments=10",
                                                       "ppo.critic.replay_episodes=10"};
  return assignments;
}

// "--smoke", or the assignments.
std::string TextOf(const std::vector<std::string>& assignments) {
  if (assignments == sweep::Deciding(SmallAssignments())) return "--smoke";
  return assignments.empty() ? "" : absl::StrCat("--set ", absl::StrJoin(assignments, " --set "));
}

// Whether the stored sweep is of this figure, and small runs or not as the call says. Benchmarks, seeds, preset and
// budget are flags of the call: sweep::Grow compares those that it gives. Blocks behind the first one are what somebody
// let the sweep grow by.
absl::Status CheckStored(const std::string& path, const sweep::Grid& stored, const sweep::GridRequest& figure) {
  const sweep::Block& block = stored.blocks[0];
  const absl::StatusOr<std::vector<sweep::Axis>> axes = sweep::ParseAxes(figure.axes);
  if (!axes.ok()) return axes.status();
  std::vector<std::string> differences;
  const auto compare = [&](const std::string& has, const std::string& asked) {
    if (has == asked) return;
    differences.push_back(absl::StrCat("was begun ", has.empty() ? "without " : "with ", has.empty() ? asked : has,
                                       ", and this call ", asked.empty() ? "is without" : "has ", asked));
  };
  compare(TextOf(sweep::Deciding(stored.assignments)), TextOf(sweep::Deciding(figure.assignments)));
  compare(TextOf(block.axes), TextOf(*axes));
  compare(absl::StrCat("--arch=", absl::StrJoin(Sorted(block.architectures), ",")),
          absl::StrCat("--arch=", absl::StrJoin(Sorted(figure.architectures), ",")));
  compare(stored.scale_schedule ? "--scale_schedule" : "", "");
  compare(stored.init_from ? absl::StrCat("--init_from ", sweep::Describe(*stored.init_from)) : "", "");
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " ", absl::StrJoin(differences, "; it "), "; choose another --out"));
}

// OUT/probe-<8 hexadecimal digits>: an estimate of another kind has another one.
std::string ProbePath(const std::string& out, const sweep::GridRequest& grid, const sweep::Engine& engine) {
  const std::string kind =
      absl::StrCat(*grid.preset, "\n", *grid.updates, "\n", absl::StrJoin(sweep::Deciding(grid.assignments), "\n"),
                   "\n", absl::StrJoin(grid.axes, "\n"), "\n", engine.jobs.value_or(0), " ", engine.threads.value_or(0),
                   " ", engine.device.value_or(""));
  return absl::StrCat(out, "/probe-", Hex(Sha256Of(kind)).substr(0, 8));
}

// A run of a few updates for each kind that is left and that no run of the sweep has told of. Probes that are there
// from an earlier call are not done again.
absl::StatusOr<sweep::OpenSweep> OpenProbe(const sweep::SweepDirectory& sweep, const std::string& out,
                                           const Rates& rates) {
  sweep::GridRequest grid;
  const sweep::Block& block = sweep.grid.blocks[0];
  for (const sweep::Block& each : sweep.grid.blocks) {
    for (const auto& [from, to] :
         {std::pair{&each.benchmarks, &grid.benchmarks}, {&each.architectures, &grid.architectures}}) {
      for (const std::string& name : *from) {
        if (std::find(to->begin(), to->end(), name) == to->end()) to->push_back(name);
      }
    }
  }
  for (const sweep::Axis& axis : block.axes) grid.axes.push_back(TextOf(axis));
  grid.seeds = absl::StrCat(block.seeds[0]);
  grid.preset = sweep.grid.preset;
  grid.updates = std::min(kProbeUpdates, config::BudgetUpdates(sweep.runs[0].config));
  grid.assignments = sweep.grid.assignments;
  absl::StatusOr<sweep::OpenSweep> open = sweep::Open(ProbePath(out, grid, sweep.engine), grid, {});
  if (!open.ok()) return open.status();
  for (sweep::SweepRun& run : open->sweep.runs) run.chosen &= !rates.contains(KindOf(run));
  return open;
}

// Runs it, as many runs at once as the sweep will have.
absl::StatusOr<ExitCode> Run(const sweep::OpenSweep& probe, const sweep::Engine& engine, const std::stop_token& stop,
                             sweep::SweepProgress& progress, Rates& rates) {
  if (absl::Status status = sweep::Save(probe.sweep); !status.ok()) return status;
  absl::StatusOr<ExitCode> code =
      sweep::RunLocally(probe.sweep, *probe.lock, sweep::LocalOptionsOf(engine), stop, progress);
  if (!code.ok()) return code;
  for (const auto& [kind, rate] : ProbedRates(probe.sweep)) rates.emplace(kind, rate);
  return code;
}

bool AllKnown(const std::vector<Work>& work) {
  return std::all_of(work.begin(), work.end(), [](const Work& each) { return each.seconds_an_update > 0; });
}

}  // namespace

void MakeSmall(TrainingRequest& request) {
  request.defaults.seeds = "1-2";
  request.defaults.updates = 5;
  request.defaults.assignments = SmallAssignments();
}

absl::StatusOr<Training> Train(const TrainingRequest& request, const std::stop_token& stop) {
  const std::string path = request.out + "/sweep";
  const absl::StatusOr<sweep::SweepDirectory> stored = sweep::Read(path);
  if (stored.ok()) {
    if (absl::Status status = CheckStored(path, stored->grid, request.defaults); !status.ok()) return status;
  }
  const bool is_new = absl::IsNotFound(stored.status());
  const sweep::GridRequest grid = is_new ? Filled(request.grid, request.defaults) : request.grid;
  absl::StatusOr<sweep::OpenSweep> open = sweep::Open(path, grid, request.engine);
  if (!open.ok()) return open.status();
  Training training{std::move(open->sweep)};
  const sweep::SweepDirectory& sweep = training.sweep;
  sweep::SweepProgress progress(log::Stream(), terminal::MayRewrite(STDERR_FILENO));
  Rates rates = KnownRates(sweep);
  std::vector<Work> work = WorkLeft(sweep, rates);
  if (work.empty()) {
    progress.Note(absl::StrCat("every run of ", path, " is done"));
    return training;
  }
  if (sweep.engine.name != "local") {
    return absl::FailedPreconditionError(absl::StrCat(path, " has runs left and is with ", sweep.engine.name,
                                                      ": go on with nmn sweep ", path, ", and call this again after"));
  }
  std::optional<sweep::OpenSweep> probe;
  if (!AllKnown(work)) {
    absl::StatusOr<sweep::OpenSweep> opened = OpenProbe(sweep, request.out, rates);
    if (!opened.ok()) return opened.status();
    probe = *std::move(opened);
  }
  if (!request.estimate_only) {
    if (absl::Status status = sweep::Save(sweep); !status.ok()) return status;
  }
  const size_t jobs = sweep::LocalOptionsOf(sweep.engine).jobs;
  if (probe) {
    progress.Note("how long will it take? trains a few updates of each kind of run");
    const absl::StatusOr<ExitCode> probed = Run(*probe, sweep.engine, stop, progress, rates);
    if (!probed.ok()) return probed.status();
    training.code = *probed;
    if (*probed == kExitInterrupted) return training;
    work = WorkLeft(sweep, rates);
  }
  if (AllKnown(work)) progress.Note(Describe(work, std::min(jobs, training.sweep.runs.size())));
  if (request.estimate_only) return training;
  absl::StatusOr<ExitCode> code =
      sweep::RunLocally(sweep, *open->lock, sweep::LocalOptionsOf(sweep.engine), stop, progress);
  if (!code.ok()) return code.status();
  training.code = *code;
  return training;
}

}  // namespace nmn::reproduce
