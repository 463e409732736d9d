#include "cli/report/learning_curve.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/report/figure.h"
#include "cli/report/gnuplot.h"
#include "cli/report/output.h"
#include "common/env/environment.h"
#include "common/env/figures.h"
#include "common/text/number.h"

namespace nmn::report {
namespace {

void AppendNumbers(const Spread& spread, const Options& options, std::string& csv) {
  absl::StrAppendFormat(&csv, ",%.9g,%.9g", spread.mean, spread.deviation);
  if (options.average == Average::kIqm) absl::StrAppendFormat(&csv, ",%.9g", spread.average);
  if (options.band == Band::kBootstrap) absl::StrAppendFormat(&csv, ",%.9g,%.9g", spread.low, spread.high);
}

std::string NumberColumns(const std::string& quantity, const Options& options) {
  std::string columns = absl::StrCat(",", quantity, "_mean,", quantity, "_std");
  if (options.average == Average::kIqm) absl::StrAppend(&columns, ",", quantity, "_iqm");
  if (options.band == Band::kBootstrap) absl::StrAppend(&columns, ",", quantity, "_low,", quantity, "_high");
  return columns;
}

// `curves`: one a group of `curve`.
std::string CurvesCsv(const LearningCurve& curve, const std::vector<Curve>& curves) {
  std::string csv =
      absl::StrCat("curve,", curve.grouping.CsvColumns(), ",runs,episodes", NumberColumns("discounted", curve.options),
                   NumberColumns("return", curve.options), "\n");
  for (size_t i = 0; i < curves.size(); ++i) {
    const Group& group = curve.grouping.groups[i];
    const std::string beginning = absl::StrCat(CsvCell(group.label), ",", curve.grouping.CsvCells(group));
    for (const CurvePoint& point : curves[i]) {
      absl::StrAppend(&csv, beginning, ",", point.runs, ",", point.episodes);
      AppendNumbers(point.discounted, curve.options, csv);
      AppendNumbers(point.returns, curve.options, csv);
      csv += '\n';
    }
  }
  return csv;
}

// " (running mean over 1000)", as far as any curve has so many episodes.
std::string SmoothingText(const LearningCurve& curve) {
  if (curve.options.smooth == 1) return "";
  size_t longest = 0;
  for (const Curve& points : curve.curves) longest = std::max(longest, points.back().episodes);
  if (longest < curve.options.smooth) return " (mean of all episodes so far)";
  return absl::StrCat(" (running mean over ", curve.options.smooth, ")");
}

// The points of `curve`, with a band if they are of several runs. The caller chooses label, colour and dash.
Series SeriesOf(const Curve& curve, const Options& options, bool discounted) {
  Series series;
  const bool several = std::any_of(curve.begin(), curve.end(), [](const CurvePoint& point) { return point.runs > 1; });
  const bool band = several && options.band != Band::kNone;
  for (const CurvePoint& point : curve) {
    const Spread& spread = discounted ? point.discounted : point.returns;
    series.x.push_back(static_cast<double>(point.episodes));
    series.y.push_back(spread.average);
    if (!band) continue;
    series.low.push_back(spread.low);
    series.high.push_back(spread.high);
  }
  return series;
}

Figure CurveFigure(const LearningCurve& curve, bool discounted) {
  Figure figure;
  for (size_t i = 0; i < curve.curves.size(); ++i) {
    const Group& group = curve.grouping.groups[i];
    Series series = SeriesOf(curve.curves[i], curve.options, discounted);
    series.label = LegendOf(group.label, curve.curves[i], curve.options);
    series.dash = group.shade;
    series.colour = ColourOf(group.architecture, series.dash);
    figure.series.push_back(series);
    if (const Curve& points = curve.evaluations[i]; !points.empty()) {
      Series evaluated = SeriesOf(points, curve.options, discounted);
      evaluated.label = LegendOf(group.label + ", evaluated", points, curve.options);
      evaluated.dash = series.dash;
      evaluated.colour = series.colour;
      evaluated.markers = true;
      figure.series.push_back(std::move(evaluated));
    }
  }
  figure.y_range = curve.options.style.y_range;
  return figure;
}

Limits With(double y, const Limits& range) { return {std::min(range.low, y), std::max(range.high, y)}; }

// Whether the curves of `figure` would keep less than half of the height with a line at `y`. A single point, or a flat
// curve, has no height to lose.
bool Squashes(double y, const Figure& figure) {
  if (figure.y_range) return false;  // the height is given
  const Limits own = DrawnRange(figure), all = With(y, own);
  return own.high > own.low && own.high - own.low < (all.high - all.low) / 2;
}

double BoundOf(const LearningCurve& curve, bool discounted) {
  return discounted ? curve.bound->returns.discounted : curve.bound->returns.raw;
}

// The files among `shown` that have the discounted returns, or the raw ones.
std::vector<std::string> FilesOf(bool discounted, const Shown& shown) {
  std::vector<std::string> files;
  if (shown.figures) files.push_back(discounted ? "learning_curve.*" : "learning_curve_raw.*");
  if (shown.page && discounted) files.push_back("report.html");
  return files;
}

std::string Words(const Limits& range) {
  return absl::StrCat(text::Rounded(range.low), " to ", text::Rounded(range.high));
}

// "LOW:HIGH" for --y_range, of round numbers: at most a hundredth of the height beyond `range` either way.
std::string RoundRange(const Limits& range) {
  const double step = std::pow(10, std::floor(std::log10(range.high - range.low)) - 2);
  return absl::StrFormat("%.12g:%.12g", std::floor(range.low / step) * step, std::ceil(range.high / step) * step);
}

}  // namespace

LearningCurve MakeLearningCurve(const std::vector<Run>& runs, const Options& options) {
  LearningCurve curve{runs, GroupRuns(runs, options.each), options, {}, {}, KnownBound(runs)};
  curve.curves = MakeCurves(runs, curve.grouping, options);
  curve.evaluations = MakeEvaluationCurves(runs, curve.grouping, options);
  return curve;
}

bool LearningCurve::HasEvaluations() const {
  return std::any_of(evaluations.begin(), evaluations.end(), [](const Curve& points) { return !points.empty(); });
}

absl::Status WriteLearningCurve(const LearningCurve& curve, const std::string& out) {
  absl::Status status = WriteText(out + "/learning_curve.csv", CurvesCsv(curve, curve.curves));
  if (status.ok() && curve.HasEvaluations())
    status = WriteText(out + "/evaluations.csv", CurvesCsv(curve, curve.evaluations));
  return status;
}

bool DrawsBound(const LearningCurve& curve, bool discounted) {
  return curve.bound && !Squashes(BoundOf(curve, discounted), CurveFigure(curve, discounted));
}

std::optional<std::string> OracleNotice(const LearningCurve& curve, const Shown& shown, const std::string& command) {
  if (!curve.bound) return std::nullopt;
  std::vector<std::string> left_out, files;
  std::optional<Limits> all;  // one height for both figures
  for (const bool discounted : {true, false}) {
    const std::vector<std::string> of_these = FilesOf(discounted, shown);
    if (of_these.empty()) continue;
    const double best = BoundOf(curve, discounted);
    const Limits range = With(best, DrawnRange(CurveFigure(curve, discounted)));
    all = all ? With(range.low, With(range.high, *all)) : range;
    if (DrawsBound(curve, discounted)) continue;
    left_out.push_back(absl::StrCat(discounted ? "discounted " : "raw ", text::Rounded(best)));
    files.insert(files.end(), of_these.begin(), of_these.end());
  }
  if (left_out.empty()) return std::nullopt;
  return absl::StrCat("the line of ", curve.bound->Label(), " (", absl::StrJoin(left_out, ", "), ") is not drawn in ",
                      absl::StrJoin(files, ", "),
                      ", because the curves would have less than half of the height: ", command,
                      "--y_range=", RoundRange(*all), " brings it back");
}

std::optional<std::string> RangeNotice(const LearningCurve& curve, const Shown& shown) {
  const std::optional<Limits>& range = curve.options.style.y_range;
  if (!range) return std::nullopt;
  std::vector<std::string> cut;
  for (const bool discounted : {true, false}) {
    const std::string files = absl::StrJoin(FilesOf(discounted, shown), " and ");
    if (files.empty()) continue;
    const auto outside = [&](const Limits& drawn) { return drawn.low < range->low || drawn.high > range->high; };
    if (const Limits curves = DrawnRange(CurveFigure(curve, discounted)); outside(curves))
      cut.push_back(absl::StrCat("part of the curves in ", files, " (", Words(curves), ")"));
    if (!curve.bound) continue;
    if (const double best = BoundOf(curve, discounted); outside({best, best}))
      cut.push_back(absl::StrCat("the line of ", curve.bound->Label(), " in ", files, " (", text::Rounded(best), ")"));
  }
  if (cut.empty()) return std::nullopt;
  return absl::StrFormat("outside --y_range=%g:%g: %s", range->low, range->high, absl::StrJoin(cut, ", "));
}

absl::Status DrawLearningCurve(const LearningCurve& curve, const std::string& out) {
  for (const bool discounted : {true, false}) {
    Figure figure = CurveFigure(curve, discounted);
    figure.title =
        absl::StrCat(TitleOf(curve.runs), discounted ? ": discounted return" : ": return", " while learning");
    figure.x_label = "episodes";
    figure.y_label = discounted ? "discounted return" : "return";
    if (!curve.options.style.size) {  // what a caption says on paper
      absl::StrAppend(&figure.x_label, SmoothingText(curve));
      absl::StrAppend(&figure.y_label,
                      discounted ? absl::StrFormat(" (γ = %g)", env::kReportedDiscount) : " (sum of raw rewards)");
    }
    if (DrawsBound(curve, discounted)) {
      const double best = BoundOf(curve, discounted);
      figure.references.push_back({absl::StrCat(curve.bound->Label(), " (", text::Rounded(best), ")"), best});
    }
    absl::Status status =
        Draw(figure, curve.options.style, out + (discounted ? "/learning_curve" : "/learning_curve_raw"));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace nmn::report
