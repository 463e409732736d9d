#include "cli/report/phases.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/groups.h"
#include "cli/report/output.h"
#include "cli/report/stacked_bars.h"

namespace nmn::report {
namespace {

constexpr std::array<const char*, 7> kOrder = {"collect",  "advantages", "policy",    "critic",
                                               "evaluate", "record",     "checkpoint"};

// More of the wall time than this in phases: some ran side by side.
constexpr double kSideBySide = 1.01;

double WallMilliseconds(const Phases& phases) { return 1000 * phases.wall_seconds / phases.updates; }

double SumMilliseconds(const Phases& phases) {
  double sum = 0;
  for (const auto& [phase, milliseconds] : PhaseMilliseconds(phases)) sum += milliseconds;
  return sum;
}

// Every phase that some run has, in order.
std::vector<std::string> Columns(const std::vector<Run>& runs) {
  Phases all;
  all.updates = 1;
  for (const Run& run : runs) {
    if (run.phases) all.seconds.insert(run.phases->seconds.begin(), run.phases->seconds.end());
  }
  std::vector<std::string> columns;
  for (const auto& [phase, milliseconds] : PhaseMilliseconds(all)) columns.push_back(phase);
  return columns;
}

double MillisecondsOf(const Phases& phases, const std::string& phase) {
  const auto found = phases.seconds.find(phase);
  return found == phases.seconds.end() ? 0 : 1000 * found->second / phases.updates;
}

}  // namespace

std::vector<std::pair<std::string, double>> PhaseMilliseconds(const Phases& phases) {
  std::vector<std::pair<std::string, double>> ordered;
  for (const char* name : kOrder) {
    if (phases.seconds.contains(name)) ordered.emplace_back(name, MillisecondsOf(phases, name));
  }
  for (const auto& [name, seconds] : phases.seconds) {
    if (std::find(kOrder.begin(), kOrder.end(), name) == kOrder.end())
      ordered.emplace_back(name, MillisecondsOf(phases, name));
  }
  return ordered;
}

absl::Status WritePhases(const std::vector<Run>& runs, const std::string& out) {
  const std::vector<std::string> columns = Columns(runs);
  if (columns.empty()) return absl::OkStatus();
  std::string csv = "run,updates,phase,seconds,ms_per_update,percent_of_wall\n";
  for (const Run& run : runs) {
    if (!run.phases) continue;
    const double wall = WallMilliseconds(*run.phases);
    const auto add_row = [&](const std::string& phase, double milliseconds) {
      absl::StrAppendFormat(&csv, "%s,%d,%s,%.9g,%.9g,%.4g\n", CsvCell(run.path), run.phases->updates, phase,
                            milliseconds * run.phases->updates / 1000, milliseconds, 100 * milliseconds / wall);
    };
    for (const std::string& phase : columns) add_row(phase, MillisecondsOf(*run.phases, phase));
    add_row("wall", wall);
  }
  return WriteText(out + "/phases.csv", csv);
}

absl::Status DrawPhases(const std::vector<Run>& runs, const Style& style, const std::string& out) {
  StackedBars figure;
  figure.parts = Columns(runs);
  if (figure.parts.empty()) return absl::OkStatus();
  figure.title = absl::StrCat(TitleOf(runs), ": where an update's time goes");
  figure.y_label = "milliseconds an update";
  figure.mark = "wall time";
  for (const Group& group : GroupRuns(runs, /*each=*/true).groups) {
    const Run& run = runs[group.runs[0]];
    if (!run.phases) continue;
    StackedBars::Bar bar{group.label, {}, WallMilliseconds(*run.phases)};
    for (const std::string& phase : figure.parts) bar.parts.push_back(MillisecondsOf(*run.phases, phase));
    figure.bars.push_back(std::move(bar));
  }
  return Draw(figure, style, out + "/phases");
}

std::string PhasesTable(const std::vector<Run>& runs) {
  const std::vector<std::string> columns = Columns(runs);
  if (columns.empty()) return "";
  size_t width = 3;
  for (const Run& run : runs) width = std::max(width, run.path.size());
  std::string text = "time of an update: milliseconds, and percent of the wall time\n";
  absl::StrAppendFormat(&text, "%-*s", static_cast<int>(width), "run");
  for (const std::string& phase : columns) absl::StrAppendFormat(&text, " %15s", phase);
  absl::StrAppendFormat(&text, " %9s %15s\n", "wall", "sum of phases");
  bool side_by_side = false;
  for (const Run& run : runs) {
    if (!run.phases) continue;
    const double wall = WallMilliseconds(*run.phases), sum = SumMilliseconds(*run.phases);
    absl::StrAppendFormat(&text, "%-*s", static_cast<int>(width), run.path);
    for (const std::string& phase : columns) {
      const double milliseconds = MillisecondsOf(*run.phases, phase);
      absl::StrAppendFormat(&text, " %9.2f %3.0f %%", milliseconds, 100 * milliseconds / wall);
    }
    absl::StrAppendFormat(&text, " %9.2f %9.2f %3.0f %%\n", wall, sum, 100 * sum / wall);
    side_by_side = side_by_side || sum > kSideBySide * wall;
  }
  if (side_by_side) absl::StrAppend(&text, "phases that sum to more than the wall time ran side by side\n");
  return text;
}

}  // namespace nmn::report
