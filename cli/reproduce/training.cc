#include "cli/reproduce/training.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/reproduce/estimate.h"
#include "cli/sweep/local.h"
#include "common/config/config.h"
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

// A run of a few updates for each kind that is left and that no run of the sweep has told of, as many at once as the
// sweep will have. Probes that are there from an earlier call are not done again.
absl::StatusOr<ExitCode> Probe(const sweep::SweepDirectory& sweep, const std::string& path, const std::stop_token& stop,
                               sweep::SweepProgress& progress, Rates& rates) {
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
  absl::StatusOr<sweep::OpenSweep> open = sweep::Open(path, grid, {});
  if (!open.ok()) return open.status();
  for (sweep::SweepRun& run : open->sweep.runs) run.chosen &= !rates.contains(KindOf(run));
  if (absl::Status status = sweep::Save(open->sweep); !status.ok()) return status;
  absl::StatusOr<ExitCode> code = sweep::RunLocally(open->sweep, sweep::LocalOptionsOf(sweep.engine), stop, progress);
  if (!code.ok()) return code;
  for (const auto& [kind, rate] : ProbedRates(open->sweep)) rates.emplace(kind, rate);
  return code;
}

bool AllKnown(const std::vector<Work>& work) {
  return std::all_of(work.begin(), work.end(), [](const Work& each) { return each.seconds_an_update > 0; });
}

}  // namespace

absl::StatusOr<Training> Train(const TrainingRequest& request, const std::stop_token& stop) {
  const std::string path = request.out + "/sweep";
  const bool stored = !absl::IsNotFound(sweep::Read(path).status());
  const sweep::GridRequest grid = stored ? request.grid : Filled(request.grid, request.defaults);
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
  if (!request.estimate_only) {
    if (absl::Status status = sweep::Save(sweep); !status.ok()) return status;
  }
  const size_t jobs = sweep::LocalOptionsOf(sweep.engine).jobs;
  if (!AllKnown(work)) {
    progress.Note("how long will it take? trains a few updates of each kind of run");
    absl::StatusOr<ExitCode> probed = Probe(sweep, request.out + "/probe", stop, progress, rates);
    if (!probed.ok()) return probed.status();
    training.code = *probed;
    if (*probed == kExitInterrupted) return training;
    work = WorkLeft(sweep, rates);
  }
  if (AllKnown(work)) progress.Note(Describe(work, std::min(jobs, training.sweep.runs.size())));
  if (request.estimate_only) return training;
  absl::StatusOr<ExitCode> code = sweep::RunLocally(sweep, sweep::LocalOptionsOf(sweep.engine), stop, progress);
  if (!code.ok()) return code.status();
  training.code = *code;
  return training;
}

}  // namespace nmn::reproduce
