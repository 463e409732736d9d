#include "cli/report/trials.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/curves.h"
#include "cli/report/figure.h"
#include "cli/report/gnuplot.h"
#include "cli/report/output.h"

namespace nmn::report {
namespace {

constexpr const char* kSources[] = {"first", "last", "played"};
enum Source { kFirst, kLast, kPlayed };

// What a run has of its trials, by their number.
using Figures = std::map<uint32_t, trajectory::TrialFigure>;

// A group's returns at the trials that a source has.
struct Line {
  Source source;
  size_t group = 0;
  std::vector<uint32_t> trials = {};
  std::vector<size_t> runs = {};         // that have such a trial
  std::vector<uint64_t> completed = {};  // episodes that completed it, of all runs
  std::vector<Spread> returns = {};
};

// Over the updates that make the first or the last 1000 episodes.
Figures OfTraining(const Run& run, bool last) {
  const size_t updates = run.trials.size();
  const size_t per_update = std::max<size_t>(1, run.config.ppo().episodes_per_update());
  const size_t count = std::min(updates, (kSmoothingEpisodes + per_update - 1) / per_update);
  Figures figures;
  for (size_t u = last ? updates - count : 0; u < (last ? updates : count); ++u) {
    for (const auto& [trial, of_update] : run.trials[u]) {
      trajectory::TrialFigure& sum = figures[trial];
      const auto before = static_cast<double>(sum.episodes), more = static_cast<double>(of_update.episodes);
      sum.mean = before == 0 ? of_update.mean : (sum.mean * before + of_update.mean * more) / (before + more);
      sum.episodes += of_update.episodes;
    }
  }
  return figures;
}

Figures OfPlayed(const std::optional<RewardByStep>& played) {
  Figures figures;
  if (!played || !played->trials) return figures;
  for (size_t k = 0; k < played->trials->trials.size(); ++k)
    figures[static_cast<uint32_t>(k + 1)] = played->trials->trials[k];
  return figures;
}

// Of a single run that was played: over its episodes.
Spread SpreadOfEpisodes(const trajectory::TrialFigure& figure, const Options& options) {
  const double deviation =
      figure.episodes < 2 ? 0 : figure.standard_error * std::sqrt(static_cast<double>(figure.episodes));
  double half = figure.episodes < 2 ? 0 : figure.standard_error;
  if (options.band == Band::kNone) half = 0;
  if (options.band == Band::kDeviation) half = deviation;
  if (options.band == Band::kBootstrap) half *= 1.96;
  return {figure.mean, deviation, figure.mean, figure.mean - half, figure.mean + half};
}

Line LineOf(const Adaptation& adaptation, size_t group, Source source) {
  std::map<uint32_t, std::vector<trajectory::TrialFigure>> of_runs;
  for (const size_t run : adaptation.grouping.groups[group].runs) {
    const Figures figures =
        source == kPlayed ? OfPlayed(adaptation.played[run]) : OfTraining(adaptation.runs[run], source == kLast);
    for (const auto& [trial, figure] : figures) of_runs[trial].push_back(figure);
  }
  Line line{source, group};
  for (const auto& [trial, figures] : of_runs) {
    std::vector<double> means;
    uint64_t completed = 0;
    for (const trajectory::TrialFigure& figure : figures) {
      means.push_back(figure.mean);
      completed += figure.episodes;
    }
    line.trials.push_back(trial);
    line.runs.push_back(figures.size());
    line.completed.push_back(completed);
    line.returns.push_back(source == kPlayed && figures.size() == 1 ? SpreadOfEpisodes(figures[0], adaptation.options)
                                                                    : SpreadOf(means, adaptation.options));
  }
  return line;
}

std::vector<Line> LinesOf(const Adaptation& adaptation) {
  std::vector<Line> lines;
  for (size_t group = 0; group < adaptation.grouping.groups.size(); ++group) {
    for (const Source source : {kFirst, kLast, kPlayed}) {
      Line line = LineOf(adaptation, group, source);
      if (!line.trials.empty()) lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace

bool HasTrials(const Adaptation& adaptation) { return !LinesOf(adaptation).empty(); }

absl::Status WriteTrials(const Adaptation& adaptation, const std::string& out) {
  std::string csv = absl::StrCat("curve,", adaptation.grouping.CsvColumns(),
                                 ",runs,episodes,trial,completed,return_mean,return_std,return_low,return_high\n");
  for (const Line& line : LinesOf(adaptation)) {
    const Group& group = adaptation.grouping.groups[line.group];
    const std::string beginning = absl::StrCat(CsvCell(group.label), ",", adaptation.grouping.CsvCells(group));
    for (size_t i = 0; i < line.trials.size(); ++i) {
      const Spread& spread = line.returns[i];
      absl::StrAppendFormat(&csv, "%s,%d,%s,%d,%d,%.9g,%.9g,%.9g,%.9g\n", beginning, line.runs[i],
                            kSources[line.source], line.trials[i], line.completed[i], spread.mean, spread.deviation,
                            spread.low, spread.high);
    }
  }
  return WriteText(out + "/trials.csv", csv);
}

absl::Status DrawTrials(const Adaptation& adaptation, const std::string& out) {
  const std::vector<Line> lines = LinesOf(adaptation);
  Figure figure;
  const auto played = [&](size_t group) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const Line& line) { return line.group == group && line.source == kPlayed; });
  };
  for (const Line& line : lines) {
    if (line.source == kLast && played(line.group)) continue;
    const Group& group = adaptation.grouping.groups[line.group];
    Series series;
    series.label = absl::StrCat(
        group.label, ": ",
        line.source == kPlayed ? "learned policy" : absl::StrCat(kSources[line.source], " training episodes"));
    series.colour = ColourOf(group.architecture, group.shade);
    series.markers = line.source != kPlayed || line.trials.size() == 1;
    series.dash = line.source == kFirst ? 2 : line.source == kPlayed ? group.shade : 0;
    const bool band = line.source == kPlayed && adaptation.options.band != Band::kNone;
    for (size_t i = 0; i < line.trials.size(); ++i) {
      series.x.push_back(line.trials[i]);
      series.y.push_back(line.returns[i].average);
      if (!band) continue;
      series.low.push_back(line.returns[i].low);
      series.high.push_back(line.returns[i].high);
    }
    figure.series.push_back(std::move(series));
  }
  figure.title = absl::StrCat(TitleOf(adaptation.runs), ": return of each trial of an episode");
  figure.x_label = "trial within the episode";
  figure.y_label = adaptation.options.style.size ? "return" : "mean return of the trial";
  return Draw(figure, adaptation.options.style, out + "/trials");
}

}  // namespace nmn::report
