#include "cli/report/figure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/report/gnuplot.h"

namespace nmn::report {
namespace {

// Above this, an axis counts in thousands.
constexpr double kManyUnits = 20000;
// More on one line run into each other.
constexpr size_t kMostMarkers = 60;

std::string Columns(const Series& series, double scale) {
  std::string block;
  for (size_t i = 0; i < series.x.size(); ++i) {
    const double low = series.low.empty() ? series.y[i] : series.low[i];
    const double high = series.high.empty() ? series.y[i] : series.high[i];
    absl::StrAppendFormat(&block, "%.9g %.9g %.9g %.9g\n", series.x[i] / scale, series.y[i], low, high);
  }
  return block;
}

double LargestX(const Figure& figure) {
  double largest = 0;
  for (const Series& series : figure.series) {
    for (double x : series.x) largest = std::max(largest, x);
  }
  return largest;
}

// All that is drawn, with a little room above and below.
Limits FittingRange(const Figure& figure) {
  const Limits range = DrawnRange(figure);
  const double room = range.high > range.low ? 0.04 * (range.high - range.low) : std::max(1.0, std::abs(range.high));
  return {range.low - room, range.high + room};
}

// A line of many points has a marker on some of them.
std::string Shape(const Series& series) {
  if (series.dots) return "points pt 7 ps 0.25";
  if (!series.markers) return "lines";
  const size_t interval = 1 + series.x.size() / kMostMarkers;
  return interval == 1 ? "linespoints pt 7 ps 0.7" : absl::StrCat("linespoints pt 7 ps 0.7 pi ", interval);
}

std::string Dash(size_t dash) {
  constexpr const char* kDashes[] = {"1", "(12,5)", "(3,4)", "(12,4,3,4)"};
  return kDashes[dash % std::size(kDashes)];
}

std::string AxisCommands(const Figure& figure, double scale) {
  std::string script;
  const Limits range = figure.y_range ? *figure.y_range : FittingRange(figure);
  absl::StrAppendFormat(&script, "set yrange [%.9g:%.9g]\n", range.low, range.high);
  absl::StrAppend(&script, figure.log_x ? "set logscale x\n" : "unset logscale x\n");
  // Room beside the first and the last point of a logarithmic axis, so that their markers and labels are whole.
  if (figure.x_range) {
    absl::StrAppendFormat(&script, "set xrange [%.9g:%.9g]\n", figure.x_range->low / scale,
                          figure.x_range->high / scale);
  } else if (figure.log_x) {
    absl::StrAppendFormat(&script, "set xrange [0.9:%.9g]\n", 1.15 * LargestX(figure));
  } else {
    absl::StrAppendFormat(&script, "set xrange [0:%.9g]\n", LargestX(figure) / scale);
  }
  if (figure.ticks.empty()) {
    absl::StrAppend(&script, "set xtics autofreq\n");
  } else {
    std::vector<std::string> ticks;
    for (const Tick& tick : figure.ticks)
      ticks.push_back(absl::StrFormat("%s %.9g", Quoted(tick.label), tick.x / scale));
    absl::StrAppend(&script, "set xtics (", absl::StrJoin(ticks, ", "), ")\n");
  }
  return script;
}

}  // namespace

Limits DrawnRange(const Figure& figure) {
  Limits range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  const auto add = [&](double y) {
    range.low = std::min(range.low, y);
    range.high = std::max(range.high, y);
  };
  for (const Series& series : figure.series) {
    for (const std::vector<double>* values : {&series.y, &series.low, &series.high}) {
      for (double y : *values) add(y);
    }
  }
  for (const Reference& reference : figure.references) add(reference.y);
  return range;
}

FigureScript ScriptOf(const Figure& figure, const Style& style, const std::string& prefix) {
  FigureScript result;
  const double scale = !figure.log_x && LargestX(figure) >= kManyUnits ? 1000 : 1;
  const auto block = [&](size_t i) { return absl::StrCat("$", prefix, i); };
  for (size_t i = 0; i < figure.series.size(); ++i) {
    absl::StrAppend(&result.data, block(i), " << END\n", Columns(figure.series[i], scale), "END\n");
  }
  std::string& script = result.commands;
  absl::StrAppend(&script, TitleCommand(figure.title, style));
  absl::StrAppend(&script, "set xlabel ", Quoted(scale > 1 ? "thousand " + figure.x_label : figure.x_label),
                  " noenhanced offset 0,0.6\n");
  absl::StrAppend(&script, "set ylabel ", Quoted(figure.y_label), " noenhanced offset -0.5,0\n");
  absl::StrAppend(&script,
                  "set border 3 lc rgb '#404040'\n"
                  "set tics nomirror textcolor rgb '#404040'\n"
                  "set grid ytics lc rgb '#DDDDDD' lw 1 lt 1\n"
                  "set key below left Left reverse samplen 3 spacing 1.2 height 0.4 noenhanced\n"
                  "set format y '%g'\n"
                  "set style fill transparent solid 0.18 noborder\n",
                  AxisCommands(figure, scale));
  std::vector<std::string> layers;
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    if (series.low.empty()) continue;
    layers.push_back(
        absl::StrCat(block(i), " using 1:3:4 with filledcurves lc rgb ", Quoted(series.colour), " notitle"));
  }
  for (const Reference& reference : figure.references) {
    layers.push_back(absl::StrFormat("%.9g with lines lw 1.5 dt (4,4) lc rgb '#606060' title %s", reference.y,
                                     Quoted(reference.label)));
  }
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    layers.push_back(absl::StrCat(block(i), " using 1:2 with ", Shape(series), " lw 2 dt ", Dash(series.dash),
                                  " lc rgb ", Quoted(series.colour), " title ", Quoted(series.label)));
  }
  absl::StrAppend(&script, "plot ", absl::StrJoin(layers, ", "));
  return result;
}

std::string GnuplotScript(const Figure& figure, const Style& style) {
  const FigureScript script = ScriptOf(figure, style, "s");
  return absl::StrCat(script.data, "set rmargin 3\n", script.commands);
}

absl::Status Draw(const Figure& figure, const Style& style, const std::string& base) {
  return DrawScript(GnuplotScript(figure, style), style, base);
}

}  // namespace nmn::report
