#include "cli/sweep/grid.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/sweep/seeds.h"
#include "cli/train_config.h"

namespace nmn::sweep {
namespace {

absl::Status CheckList(const std::vector<std::string>& values, const std::string& flag,
                       const std::vector<std::string>& legal) {
  if (values.empty())
    return absl::InvalidArgumentError(absl::StrCat(flag, " is missing: ", absl::StrJoin(legal, ", ")));
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::find(legal.begin(), legal.end(), values[i]) == legal.end())
      return absl::InvalidArgumentError(absl::StrCat(flag, "=", values[i], ": it must be one of ",
                                                     absl::StrJoin(legal, ", "), ", or several with commas"));
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
        values.begin() + static_cast<std::ptrdiff_t>(i))
      return absl::InvalidArgumentError(absl::StrCat(flag, ": ", values[i], " stands twice"));
  }
  return absl::OkStatus();
}

template <typename Number>
std::string OrPreset(const std::optional<Number>& number) {
  return number ? absl::StrCat(*number) : "the preset's";
}

}  // namespace

absl::StatusOr<std::vector<SweepRun>> Expand(const Grid& grid) {
  if (absl::Status status = CheckList(grid.benchmarks, "--benchmark", {"b1", "b2", "b3"}); !status.ok()) return status;
  if (absl::Status status = CheckList(grid.architectures, "--arch", {"nmn", "rnn"}); !status.ok()) return status;
  if (grid.seeds.empty()) return absl::InvalidArgumentError("--seeds is missing: e.g. 1-30 or 1,2,5-8");
  const size_t count = grid.benchmarks.size() * grid.architectures.size() * grid.seeds.size();
  if (count > kMostRuns)
    return absl::InvalidArgumentError(
        absl::StrCat("the grid has ", count, " runs; a sweep has at most ", kMostRuns, ": split it by --seeds"));
  std::vector<SweepRun> runs;
  for (const std::string& benchmark : grid.benchmarks) {
    for (const std::string& architecture : grid.architectures) {
      cli::TrainFlags flags;
      flags.benchmark = benchmark;
      flags.arch = architecture;
      flags.preset = grid.preset;
      flags.updates = grid.updates;
      flags.episodes = grid.episodes;
      flags.assignments = grid.assignments;
      absl::StatusOr<v1::RunConfig> config = cli::NewRunConfig(flags);
      if (!config.ok()) return config.status();
      for (const uint64_t seed : grid.seeds) {
        config->set_seed(seed);
        runs.push_back({absl::StrCat(benchmark, "-", architecture, "-s", seed), *config});
      }
    }
  }
  return runs;
}

std::vector<std::string> Differences(const Grid& stored, const Grid& asked) {
  std::vector<std::string> differences;
  const auto compare = [&](const std::string& flag, const std::string& old_value, const std::string& new_value) {
    if (old_value != new_value) differences.push_back(absl::StrCat(flag, " ", new_value, " instead of ", old_value));
  };
  compare("--benchmark", absl::StrJoin(stored.benchmarks, ","), absl::StrJoin(asked.benchmarks, ","));
  compare("--arch", absl::StrJoin(stored.architectures, ","), absl::StrJoin(asked.architectures, ","));
  compare("--seeds", FormatSeeds(stored.seeds), FormatSeeds(asked.seeds));
  compare("--preset", stored.preset, asked.preset);
  compare("--updates", OrPreset(stored.updates), OrPreset(asked.updates));
  compare("--episodes", OrPreset(stored.episodes), OrPreset(asked.episodes));
  const auto set = [](const Grid& grid) {
    return grid.assignments.empty() ? std::string("nothing") : absl::StrJoin(grid.assignments, " ");
  };
  compare("--set", set(stored), set(asked));
  return differences;
}

}  // namespace nmn::sweep
