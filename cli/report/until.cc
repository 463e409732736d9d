#include "cli/report/until.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/groups.h"
#include "cli/report/output.h"
#include "common/config/config.h"
#include "common/env/environment.h"

namespace nmn::report {
namespace {

constexpr int kUsualDigits = 6;  // of a threshold

using Reaches = std::vector<std::optional<Reached>>;

Reaches ReachedByEach(const std::vector<Run>& runs, const Group& group, double threshold) {
  Reaches reached;
  for (size_t index : group.runs) reached.push_back(FirstReached(runs[index], threshold));
  return reached;
}

// Of the numbers that are there; the others come after them all.
std::optional<double> Median(std::vector<double> numbers, size_t all) {
  const size_t upper = all / 2, lower = (all - 1) / 2;
  if (upper >= numbers.size()) return std::nullopt;
  std::sort(numbers.begin(), numbers.end());
  return (numbers[lower] + numbers[upper]) / 2;
}

void AppendCsv(const std::optional<Reached>& reached, std::string& csv) {
  if (reached) {
    absl::StrAppendFormat(&csv, ",%.9g,%.12g,%.9g\n", reached->update, reached->passes, reached->wall_seconds);
  } else {
    absl::StrAppend(&csv, ",,,\n");
  }
}

// As short as thresholds that differ can be told apart.
std::vector<std::string> Titles(const std::vector<double>& thresholds) {
  const size_t different = std::set<double>(thresholds.begin(), thresholds.end()).size();
  std::vector<std::string> titles;
  for (int digits = kUsualDigits; digits <= std::numeric_limits<double>::max_digits10; ++digits) {
    titles.clear();
    for (const double threshold : thresholds) titles.push_back(absl::StrFormat("%.*g", digits, threshold));
    if (std::set<std::string>(titles.begin(), titles.end()).size() == different) break;
  }
  return titles;
}

std::string TextCell(const std::optional<Reached>& reached) {
  if (!reached) return "-";
  return absl::StrFormat("%g: %.1f M, %.1f s", reached->update, reached->passes / 1e6, reached->wall_seconds);
}

}  // namespace

SamplePasses SamplePassesOf(const v1::PpoOptions& ppo, uint32_t updates) {
  const uint64_t episodes = ppo.episodes_per_update(), replay = ppo.critic().replay_episodes();
  // The pool of the critic grows by an update's episodes until it is full.
  const uint64_t growing = episodes == 0 ? 0 : std::min<uint64_t>(updates, replay / episodes);
  const uint64_t replayed = episodes * growing * (growing + 1) / 2 + (updates - growing) * replay;
  return {updates * episodes * ppo.kept_steps() * ppo.policy().epochs(),
          replayed * ppo.kept_steps() * ppo.critic().epochs()};
}

std::optional<Reached> FirstReached(const Run& run, double threshold) {
  v1::PpoOptions ppo = run.config.ppo();
  ppo.set_kept_steps(config::KeptSteps(run.config));
  for (const UpdateRow& row : run.updates) {
    if (!(row.discounted_recent >= threshold)) continue;
    const SamplePasses passes = SamplePassesOf(ppo, row.update);
    return Reached{static_cast<double>(row.update), static_cast<double>(passes.policy + passes.critic),
                   row.wall_seconds};
  }
  return std::nullopt;
}

std::optional<Reached> MedianReached(const std::vector<std::optional<Reached>>& runs) {
  std::vector<double> updates, passes, seconds;
  for (const std::optional<Reached>& reached : runs) {
    if (!reached) continue;
    updates.push_back(reached->update);
    passes.push_back(reached->passes);
    seconds.push_back(reached->wall_seconds);
  }
  const std::optional<double> update = Median(updates, runs.size());
  if (!update) return std::nullopt;
  return Reached{*update, *Median(passes, runs.size()), *Median(seconds, runs.size())};
}

std::vector<double> DefaultThresholds(const std::string& benchmark, const v1::EnvironmentOptions& options) {
  absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(benchmark, options);
  if (spec.ok() && !spec->milestones.empty()) return spec->milestones;
  if (!spec.ok() || spec->oracle_discounted == 0) return {};
  // If returns are thousands, hundreds read well. Smaller returns keep two digits, or as many as keep them apart.
  double digits = std::min(2.0, std::floor(std::log10(spec->oracle_discounted)) - 1);
  // What chance gets of it, if it is known. Below that there is nothing to learn.
  const double chance = spec->random_return.value_or(0) * spec->oracle_discounted / spec->oracle_return;
  for (constexpr double kFewest = -6;; --digits) {
    const double unit = std::pow(10, std::abs(digits));
    std::vector<double> thresholds;
    for (double share : {0.25, 0.5, 0.75, 0.9, 0.95}) {
      const double threshold = chance + share * (spec->oracle_discounted - chance);
      thresholds.push_back(digits < 0 ? std::round(threshold * unit) / unit : std::round(threshold / unit) * unit);
    }
    if (digits <= kFewest || std::adjacent_find(thresholds.begin(), thresholds.end()) == thresholds.end())
      return thresholds;
  }
}

absl::Status WriteUntil(const std::vector<Run>& runs, const std::vector<double>& thresholds, const std::string& out) {
  const Grouping grouping = GroupRuns(runs, /*each=*/false);
  const std::string columns = grouping.CsvColumns();
  std::string csv = absl::StrCat("run,", columns, ",seed,threshold,update,sample_passes,wall_seconds\n");
  for (size_t i = 0; i < runs.size(); ++i) {
    for (double threshold : thresholds) {
      absl::StrAppendFormat(&csv, "%s,%s,%d,%.9g", CsvCell(runs[i].path), grouping.CsvCells(grouping.OfRun(i)),
                            runs[i].config.seed(), threshold);
      AppendCsv(FirstReached(runs[i], threshold), csv);
    }
  }
  if (absl::Status status = WriteText(out + "/until.csv", csv); !status.ok()) return status;
  csv = absl::StrCat("curve,", columns,
                     ",runs,threshold,reached,update_median,sample_passes_median,wall_seconds_median\n");
  for (const Group& group : grouping.groups) {
    for (double threshold : thresholds) {
      const Reaches reached = ReachedByEach(runs, group, threshold);
      const auto never = std::count(reached.begin(), reached.end(), std::nullopt);
      absl::StrAppendFormat(&csv, "%s,%s,%d,%.9g,%d", CsvCell(group.label), grouping.CsvCells(group), reached.size(),
                            threshold, reached.size() - static_cast<size_t>(never));
      AppendCsv(MedianReached(reached), csv);
    }
  }
  return WriteText(out + "/until_median.csv", csv);
}

std::string UntilTable(const std::vector<Run>& runs, const std::vector<double>& thresholds) {
  std::vector<std::vector<std::string>> rows = {{"run"}};
  for (std::string& title : Titles(thresholds)) rows[0].push_back(std::move(title));
  for (const Run& run : runs) {
    rows.push_back({run.path});
    for (double threshold : thresholds) rows.back().push_back(TextCell(FirstReached(run, threshold)));
  }
  for (const Group& group : GroupRuns(runs, /*each=*/false).groups) {
    if (group.runs.size() < 2) continue;
    rows.push_back({"median of " + group.label});
    for (double threshold : thresholds)
      rows.back().push_back(TextCell(MedianReached(ReachedByEach(runs, group, threshold))));
  }
  std::vector<size_t> widths(rows[0].size());
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text =
      "update, sample-passes (policy and critic) and wall time at which the mean discounted return of the last 1000 "
      "episodes (of all while there are fewer) first reached\n";
  for (const std::vector<std::string>& row : rows) {
    absl::StrAppendFormat(&text, "%-*s", static_cast<int>(widths[0]), row[0]);
    for (size_t i = 1; i < row.size(); ++i) absl::StrAppendFormat(&text, "  %*s", static_cast<int>(widths[i]), row[i]);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace nmn::report
