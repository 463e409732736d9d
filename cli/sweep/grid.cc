#include "cli/sweep/grid.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/sweep/axes.h"
#include "cli/sweep/seeds.h"
#include "cli/train_config.h"
#include "common/config/config.h"
#include "common/config/counts.h"
#include "common/env/environment.h"
#include "common/text/counted.h"
#include "common/text/suggestion.h"
#include "google/protobuf/text_format.h"

namespace nmn::sweep {
namespace {

// A run's name is a file's name too, with an ending of its own.
constexpr size_t kMostNameBytes = 200;

absl::Status CheckList(const std::vector<std::string>& values, const std::string& flag,
                       const std::vector<std::string>& legal) {
  if (values.empty())
    return absl::InvalidArgumentError(absl::StrCat(flag, " is missing: ", absl::StrJoin(legal, ", ")));
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::find(legal.begin(), legal.end(), values[i]) == legal.end())
      return absl::InvalidArgumentError(absl::StrCat(flag == "--task" ? "task " : absl::StrCat(flag, "="), values[i],
                                                     ": it must be one of ", absl::StrJoin(legal, ", "),
                                                     ", or several with commas", text::DidYouMean(values[i], legal)));
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
        values.begin() + static_cast<std::ptrdiff_t>(i))
      return absl::InvalidArgumentError(absl::StrCat(flag, ": ", values[i], " stands twice"));
  }
  return absl::OkStatus();
}

absl::Status CheckBlock(const Block& block) {
  if (absl::Status status = CheckList(block.benchmarks, "--task", env::TaskNames()); !status.ok()) return status;
  if (absl::Status status = CheckList(block.architectures, "--arch", {"nmn", "rnn"}); !status.ok()) return status;
  if (block.seeds.empty()) return absl::InvalidArgumentError("--seeds is missing: e.g. 1-30 or 1,2,5-8");
  return absl::OkStatus();
}

absl::Status TooMany(size_t count) {
  return absl::InvalidArgumentError(
      absl::StrCat("the grid has ", count, " runs or more; a sweep has at most ", kMostRuns, ": split it by --seeds"));
}

absl::StatusOr<v1::RunConfig> ConfigOf(const Grid& grid, const std::string& benchmark, const std::string& architecture,
                                       const Values& values) {
  cli::TrainFlags flags;
  flags.benchmark = benchmark;
  flags.arch = architecture;
  flags.preset = grid.preset;
  flags.updates = grid.updates;
  flags.episodes = grid.episodes;
  flags.assignments = grid.assignments;
  flags.scale_schedule = grid.scale_schedule;
  for (const auto& [field, value] : values) flags.assignments.push_back(absl::StrCat(field, "=", AssignedValue(value)));
  absl::StatusOr<v1::RunConfig> config = cli::NewRunConfig(flags);
  if (config.ok() && grid.init_from) config->set_init_weights_sha256(grid.init_from->weights_sha256);
  return config;
}

// "b1-nmn-ppo.trace_decay-0.9"; "-s1" comes behind it.
std::string NameOf(const std::string& benchmark, const std::string& architecture, const Values& values) {
  std::string name = absl::StrCat(benchmark, "-", architecture);
  for (const auto& [field, value] : values) absl::StrAppend(&name, "-", field, "-", ValueInName(value));
  return name;
}

// Collects runs, each once.
class Runs {
 public:
  absl::Status Add(const Grid& grid, const Block& block) {
    if (absl::Status status = CheckBlock(block); !status.ok()) return status;
    size_t count = block.benchmarks.size() * block.architectures.size() * block.seeds.size();
    for (const Axis& axis : block.axes) {
      if (count <= kMostRuns) count *= axis.values.size();
    }
    if (count > kMostRuns) return TooMany(count);
    for (const std::string& benchmark : block.benchmarks) {
      for (const std::string& architecture : block.architectures) {
        for (const Values& values : Combinations(block.axes)) {
          absl::StatusOr<v1::RunConfig> config = ConfigOf(grid, benchmark, architecture, values);
          if (absl::IsNotFound(config.status()))
            return absl::NotFoundError(absl::StrCat("task ", benchmark, " has no preset ", grid.preset,
                                                    ", and a sweep has one for all its tasks; ",
                                                    config.status().message()));
          if (!config.ok()) return config.status();
          const std::string name = NameOf(benchmark, architecture, values);
          if (absl::Status status = Add(name, values, block.seeds, *config); !status.ok()) return status;
        }
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<SweepRun>> Take() && {
    if (runs_.size() > kMostRuns) return TooMany(runs_.size());
    return std::move(runs_);
  }

 private:
  absl::Status Add(const std::string& name, const Values& values, const std::vector<uint64_t>& seeds,
                   v1::RunConfig& config) {
    if (name.size() > kMostNameBytes)
      return absl::InvalidArgumentError(
          absl::StrCat("--grid: the name of the run ", name, " has more than ", kMostNameBytes, " letters"));
    const auto known = name_of_config_.emplace(config::Print(config), name).first;
    if (known->second != name)
      return absl::InvalidArgumentError(absl::StrCat("--grid: the runs ", known->second, " and ", name,
                                                     " would be the same experiment; leave one of them out"));
    for (const uint64_t seed : seeds) {
      config.set_seed(seed);
      SweepRun run{absl::StrCat(name, "-s", seed), values, config};
      if (names_.insert(run.name).second) runs_.push_back(std::move(run));
    }
    return absl::OkStatus();
  }

  std::vector<SweepRun> runs_;
  std::set<std::string> names_;
  std::map<std::string, std::string> name_of_config_;
};

bool CountsInHash(const std::string& assignment) { return config::CountsInHash(config::FieldKey(assignment)); }

// The stored ones, those of no weight replaced by, or with, what the request says of them.
std::vector<std::string> WithBookkeeping(const std::vector<std::string>& stored,
                                         const std::vector<std::string>& request) {
  std::vector<std::string> merged = stored;
  for (const std::string& assignment : request) {
    if (CountsInHash(assignment) || std::find(merged.begin(), merged.end(), assignment) != merged.end()) continue;
    std::erase_if(merged, [&](const std::string& other) { return IsSameField(other, assignment); });
    merged.push_back(assignment);
  }
  return merged;
}

std::string Text(const std::vector<std::string>& assignments) {
  return assignments.empty() ? "nothing" : absl::StrJoin(assignments, " ");
}

// `axes` with those of the request in place of the ones of the same field, or behind them.
std::vector<Axis> Replaced(std::vector<Axis> axes, const std::vector<Axis>& request) {
  for (const Axis& axis : request) {
    const auto same =
        std::find_if(axes.begin(), axes.end(), [&](const Axis& a) { return IsSameField(a.field, axis.field); });
    if (same == axes.end()) {
      axes.push_back(axis);
    } else {
      *same = axis;
    }
  }
  return axes;
}

// `block` with what the request says in place of its own.
absl::StatusOr<Block> Asked(const Block& block, const GridRequest& request) {
  Block asked = block;
  if (!request.benchmarks.empty()) asked.benchmarks = request.benchmarks;
  if (!request.architectures.empty()) asked.architectures = request.architectures;
  if (!request.axes.empty()) {
    const absl::StatusOr<std::vector<Axis>> axes = ParseAxes(request.axes);
    if (!axes.ok()) return axes.status();
    asked.axes = Replaced(block.axes, *axes);
  }
  if (request.seeds) {
    absl::StatusOr<std::vector<uint64_t>> seeds = ParseSeeds(*request.seeds);
    if (!seeds.ok()) return seeds.status();
    asked.seeds = *std::move(seeds);
  }
  return asked;
}

void SetBudget(const GridRequest& request, Grid& grid) {
  if (!request.updates && !request.episodes) return;
  grid.updates = request.updates;
  grid.episodes = request.episodes;
}

// The preset of tasks of which none was named: theirs, or where they have not the same "default", which is each one's.
std::string UsualPresetOf(const std::vector<Block>& blocks) {
  std::set<std::string> presets;
  for (const Block& block : blocks) {
    for (const std::string& benchmark : block.benchmarks) presets.insert(config::UsualPreset(benchmark));
  }
  return presets.size() == 1 ? *presets.begin() : "default";
}

// What a run that exists would have to become.
std::optional<std::string> Unmergeable(const SweepRun& stored, const SweepRun& grown) {
  const uint32_t before = config::BudgetUpdates(stored.config), after = config::BudgetUpdates(grown.config);
  if (after < before)
    return absl::StrCat("a budget of ", text::Counted(after, "update"), " instead of ", before,
                        " (a budget only grows)");
  const std::string differences = config::DescribeDifferences(stored.config, grown.config);
  if (differences.empty()) return std::nullopt;
  return absl::StrCat("another ", differences);
}

}  // namespace

std::vector<std::string> Deciding(const std::vector<std::string>& assignments) {
  std::vector<std::string> deciding;
  std::copy_if(assignments.begin(), assignments.end(), std::back_inserter(deciding), CountsInHash);
  return deciding;
}

std::string TaskText(const v1::TaskSpec& task) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(task, &text);
  return std::string(absl::StripTrailingAsciiWhitespace(text));
}

absl::StatusOr<std::vector<SweepRun>> Expand(const Grid& grid) {
  Runs runs;
  for (const Block& block : grid.blocks) {
    if (absl::Status status = runs.Add(grid, block); !status.ok()) return status;
  }
  return std::move(runs).Take();
}

absl::StatusOr<Grid> NewGrid(const GridRequest& request) {
  Grid grid;
  if (!request.seeds) return absl::InvalidArgumentError("--seeds is missing: e.g. 1-30 or 1,2,5-8");
  Block defaults;
  defaults.architectures = {"nmn"};
  absl::StatusOr<Block> block = Asked(defaults, request);
  if (!block.ok()) return block.status();
  if (absl::Status status = CheckFields(request.assignments, block->axes); !status.ok()) return status;
  grid.blocks = {*std::move(block)};
  grid.preset = request.preset.value_or(UsualPresetOf(grid.blocks));
  SetBudget(request, grid);
  grid.assignments = request.assignments;
  grid.scale_schedule = request.scale_schedule;
  grid.init_from = request.init_from;
  grid.task = request.task;
  if (absl::StatusOr<std::vector<SweepRun>> runs = Expand(grid); !runs.ok()) return runs.status();
  return grid;
}

absl::StatusOr<Growth> Grow(const Grid& stored, const GridRequest& request) {
  absl::StatusOr<std::vector<SweepRun>> before = Expand(stored);
  if (!before.ok()) return before.status();
  std::vector<std::string> refused;
  if (request.preset.value_or(stored.preset) != stored.preset)
    refused.push_back(absl::StrCat("--preset ", *request.preset, " instead of ", stored.preset));
  const std::vector<std::string> asked_for = Deciding(request.assignments), had = Deciding(stored.assignments);
  if (!asked_for.empty() && asked_for != had)
    refused.push_back(absl::StrCat("--set ", Text(asked_for), " instead of ", Text(had)));
  if (request.scale_schedule && !stored.scale_schedule) refused.push_back("--scale_schedule where it was not given");

  if (request.init_from &&
      (!stored.init_from || request.init_from->weights_sha256 != stored.init_from->weights_sha256)) {
    refused.push_back(absl::StrCat("--init_from ", Describe(*request.init_from), " instead of ",
                                   stored.init_from ? Describe(*stored.init_from) : "fresh weights"));
  }

  if (!request.task.empty() && request.task != stored.task)
    refused.push_back(absl::StrCat("the task {", request.task, "} instead of {", stored.task, "}"));

  Growth growth{stored, {}};
  SetBudget(request, growth.grid);
  if (request.assignments != stored.assignments)
    growth.grid.assignments = WithBookkeeping(stored.assignments, request.assignments);
  // Tasks that come to it bring their presets, if those that are there have theirs.
  if (!request.preset && stored.preset == UsualPresetOf(stored.blocks)) {
    std::vector<Block> tasks = stored.blocks;
    tasks.emplace_back().benchmarks = request.benchmarks;
    growth.grid.preset = UsualPresetOf(tasks);
  }
  std::set<std::string> known, chosen;
  for (const SweepRun& run : *before) known.insert(run.name);
  for (const Block& block : stored.blocks) {
    absl::StatusOr<Block> asked = Asked(block, request);
    if (!asked.ok()) return asked.status();
    if (!request.axes.empty() || growth.grid.assignments != stored.assignments) {
      if (absl::Status status = CheckFields(growth.grid.assignments, asked->axes); !status.ok()) return status;
    }
    Grid alone = growth.grid;
    alone.blocks = {*asked};
    absl::StatusOr<std::vector<SweepRun>> runs = Expand(alone);
    if (!runs.ok()) return runs.status();
    bool brings_new = false;
    for (const SweepRun& run : *runs) {
      brings_new |= known.insert(run.name).second;
      if (chosen.insert(run.name).second) growth.chosen.push_back(run.name);
    }
    if (brings_new) growth.grid.blocks.push_back(*std::move(asked));
  }
  absl::StatusOr<std::vector<SweepRun>> after = Expand(growth.grid);
  if (!after.ok()) return after.status();
  for (size_t i = 0; i < before->size(); ++i) {
    const std::optional<std::string> problem = Unmergeable(before->at(i), after->at(i));
    if (!problem) continue;
    const bool longer = config::BudgetUpdates(after->at(i).config) > config::BudgetUpdates(before->at(i).config);
    refused.push_back(stored.scale_schedule && longer ? "a larger budget (it was begun with --scale_schedule, so its "
                                                        "schedule of learning is as long as the budget)"
                                                      : *problem);
    break;
  }
  if (!refused.empty()) return absl::FailedPreconditionError(absl::StrJoin(refused, "; "));
  return growth;
}

}  // namespace nmn::sweep
