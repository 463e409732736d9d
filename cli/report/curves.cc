#include "cli/report/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/text/counted.h"

namespace nmn::report {
namespace {

// A curve of at most this many points: more cannot be seen, and the figure's file stays small.
constexpr size_t kMaxPoints = 800;

struct Lengths {
  size_t shortest_run = 0, longest_run = 0;  // indices
  size_t shortest = 0, longest = 0;          // episodes
};

Lengths LengthsOf(const std::vector<Run>& runs, const Group& group) {
  const auto shorter = [&](size_t a, size_t b) { return runs[a].returns.size() < runs[b].returns.size(); };
  const auto [least, most] = std::minmax_element(group.runs.begin(), group.runs.end(), shorter);
  return {*least, *most, runs[*least].returns.size(), runs[*most].returns.size()};
}

// Running means of a group's runs at an episode, of those that have one there.
std::vector<double> At(const std::vector<std::vector<double>>& runs, size_t episodes) {
  std::vector<double> values;
  for (const std::vector<double>& run : runs) {
    if (episodes <= run.size() && !std::isnan(run[episodes - 1])) values.push_back(run[episodes - 1]);
  }
  return values;
}

Curve MakeCurve(const std::vector<Run>& runs, const Group& group, const Options& options) {
  std::vector<std::vector<double>> returns, discounted;
  for (size_t index : group.runs) {
    returns.push_back(RunningMean(runs[index].returns, options.smooth));
    discounted.push_back(RunningMean(runs[index].discounted, options.smooth));
  }
  const Lengths lengths = LengthsOf(runs, group);
  const size_t end = options.go_on ? lengths.longest : lengths.shortest;
  // One point an update, thinned evenly; the last episode always has one.
  const size_t update = std::max<size_t>(1, runs[group.runs[0]].config.ppo().episodes_per_update());
  const size_t stride = update * ((end / update + kMaxPoints - 1) / kMaxPoints + (end < update ? 1 : 0));
  Curve curve;
  for (size_t episodes = std::min(stride, end);; episodes = std::min(episodes + stride, end)) {
    const std::vector<double> at = At(returns, episodes);
    if (!at.empty())
      curve.push_back({episodes, at.size(), SpreadOf(at, options), SpreadOf(At(discounted, episodes), options)});
    if (episodes == end) return curve;
  }
}

Curve MakeEvaluationCurve(const std::vector<Run>& runs, const Group& group, const Options& options) {
  const Lengths lengths = LengthsOf(runs, group);
  const size_t end = options.go_on ? lengths.longest : lengths.shortest;
  std::map<size_t, std::vector<const Evaluation*>> at;  // by episodes
  for (size_t run : group.runs) {
    for (const Evaluation& evaluation : runs[run].evaluations) at[evaluation.episodes].push_back(&evaluation);
  }
  Curve curve;
  for (const auto& [episodes, evaluations] : at) {
    if (episodes > end) break;
    const size_t wanted = std::count_if(group.runs.begin(), group.runs.end(), [&, episodes = episodes](size_t run) {
      return !runs[run].evaluations.empty() && runs[run].returns.size() >= episodes;
    });
    if (evaluations.size() != wanted) continue;
    std::vector<double> returns, discounted;
    for (const Evaluation* evaluation : evaluations) {
      returns.push_back(evaluation->return_mean);
      discounted.push_back(evaluation->discounted_mean);
    }
    curve.push_back({episodes, wanted, SpreadOf(returns, options), SpreadOf(discounted, options)});
  }
  return curve;
}

}  // namespace

std::vector<double> RunningMean(std::span<const double> values, size_t window) {
  std::vector<double> out(values.size());
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) {
      sum += values[i];
      ++count;
    }
    if (i >= window && !std::isnan(values[i - window])) {
      sum -= values[i - window];
      --count;
    }
    out[i] = count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
  }
  return out;
}

Spread SpreadOf(const std::vector<double>& values, const Options& options) {
  Spread spread{Mean(values), Deviation(values), AverageOf(options.average, values), 0, 0};
  double half = 0;
  if (options.band == Band::kDeviation) half = spread.deviation;
  if (options.band == Band::kStandardError) half = spread.deviation / std::sqrt(static_cast<double>(values.size()));
  spread.low = spread.average - half;
  spread.high = spread.average + half;
  if (options.band == Band::kBootstrap && values.size() > 1) {
    const Interval interval = BootstrapInterval(options.average, values);
    spread.low = interval.low;
    spread.high = interval.high;
  }
  return spread;
}

std::vector<Curve> MakeCurves(const std::vector<Run>& runs, const Grouping& grouping, const Options& options) {
  std::vector<Curve> curves;
  for (const Group& group : grouping.groups) curves.push_back(MakeCurve(runs, group, options));
  return curves;
}

std::vector<Curve> MakeEvaluationCurves(const std::vector<Run>& runs, const Grouping& grouping,
                                        const Options& options) {
  std::vector<Curve> curves;
  for (const Group& group : grouping.groups) curves.push_back(MakeEvaluationCurve(runs, group, options));
  return curves;
}

std::vector<std::string> LengthNotices(const std::vector<Run>& runs, const Grouping& grouping, bool go_on) {
  std::vector<std::string> notices;
  for (const Group& group : grouping.groups) {
    const Lengths lengths = LengthsOf(runs, group);
    if (lengths.shortest == lengths.longest) continue;
    size_t longer = 0, left_out = 0;
    for (size_t run : group.runs) {
      longer += runs[run].returns.size() > lengths.shortest;
      left_out += runs[run].returns.size() - lengths.shortest;
    }
    const std::string shortest = absl::StrCat(group.label, ": the shortest run, ", runs[lengths.shortest_run].path,
                                              ", has ", text::Counted(lengths.shortest, "episode"), ", the longest, ",
                                              runs[lengths.longest_run].path, ", ", lengths.longest);
    notices.push_back(go_on
                          ? absl::StrCat(shortest, "; the curve goes on with the runs that are left, ", longer, " of ",
                                         group.runs.size(), " after the shortest: see the column runs")
                          : absl::StrCat(shortest, "; the curve ends with the shortest, and ",
                                         text::Counted(left_out, "episode"), " of ", longer, " of ", group.runs.size(),
                                         left_out == 1 ? " runs is left out" : " runs are left out"));
  }
  return notices;
}

std::optional<std::string> SmoothingNotice(const std::vector<Run>& runs, size_t smooth) {
  size_t shorter = 0, shortest = smooth;
  for (const Run& run : runs) {
    shorter += run.returns.size() < smooth;
    shortest = std::min(shortest, run.returns.size());
  }
  if (shorter == 0) return std::nullopt;
  size_t fitting = 1;
  while (20 * fitting <= shortest) fitting *= 10;  // at most half of the shortest
  return absl::StrCat(shorter, " of ", text::Counted(runs.size(), "run"), shorter == 1 ? " is" : " are",
                      " shorter than --smooth=", smooth,
                      " episodes, so the mean is of all episodes so far: try --smooth=", fitting);
}

std::string SmoothedEpisodes(const std::vector<Run>& runs, size_t smooth) {
  const auto shorter = [](const Run& a, const Run& b) { return a.returns.size() < b.returns.size(); };
  const auto [least, most] = std::minmax_element(runs.begin(), runs.end(), shorter);
  const size_t shortest = least->returns.size(), longest = most->returns.size();
  if (shortest >= smooth) return absl::StrCat("the last ", text::Counted(smooth, "episode"));
  if (longest >= smooth)
    return absl::StrCat("the last ", text::Counted(smooth, "episode"), ", or all of a shorter run");
  return shortest == longest ? absl::StrCat("all ", text::Counted(longest, "episode")) : "all episodes of each run";
}

std::string LegendOf(const std::string& label, const Curve& curve, const Options& options) {
  size_t least = curve[0].runs, most = least;
  for (const CurvePoint& point : curve) {
    least = std::min(least, point.runs);
    most = std::max(most, point.runs);
  }
  if (most < 2) return label;
  const std::string counts = least == most ? "" : absl::StrCat("n = ", most, " to ", least);
  if (options.style.size) return counts.empty() ? label : absl::StrCat(label, " (", counts, ")");
  std::string legend = options.average == Average::kIqm ? "IQM" : "mean";
  if (options.band == Band::kDeviation) absl::StrAppend(&legend, " ± std");
  if (options.band == Band::kStandardError) absl::StrAppend(&legend, " ± sem");
  if (options.band == Band::kBootstrap) absl::StrAppend(&legend, ", 95 % bootstrap");
  if (!counts.empty()) absl::StrAppend(&legend, ", ", counts);
  return absl::StrCat(label, " (", legend, ")");
}

}  // namespace nmn::report
