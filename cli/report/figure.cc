#include "cli/report/figure.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/gnuplot.h"

namespace nmn::report {
namespace {

std::string Columns(const Series& series) {
  std::string block;
  for (size_t i = 0; i < series.x.size(); ++i) {
    const double band = series.deviation.empty() ? 0 : series.deviation[i];
    absl::StrAppendFormat(&block, "%.9g %.9g %.9g %.9g\n", series.x[i], series.y[i], series.y[i] - band,
                          series.y[i] + band);
  }
  return block;
}

}  // namespace

std::string GnuplotScript(const Figure& figure, const std::string& base) {
  std::string script = "set encoding utf8\n";
  for (size_t i = 0; i < figure.series.size(); ++i) {
    absl::StrAppend(&script, "$s", i, " << END\n", Columns(figure.series[i]), "END\n");
  }
  absl::StrAppend(&script, "set title ", Quoted(figure.title), " noenhanced offset 0,0.3\n");
  absl::StrAppend(&script, "set xlabel ", Quoted(figure.x_label), " noenhanced offset 0,0.4\n");
  absl::StrAppend(&script, "set ylabel ", Quoted(figure.y_label), " noenhanced offset -0.5,0\n");
  absl::StrAppend(&script,
                  "set border 3 lc rgb '#404040'\n"
                  "set tics nomirror textcolor rgb '#404040'\n"
                  "set grid ytics lc rgb '#DDDDDD' lw 1 lt 1\n"
                  "set key below left Left reverse samplen 3 spacing 1.2 maxrows 4 noenhanced\n"
                  "set format y '%g'\n"
                  "set rmargin 3\n"
                  "set style fill transparent solid 0.18 noborder\n"
                  "set autoscale xfixmax\n");
  // Room beside the first and the last point of a logarithmic axis, so that their markers and labels are whole.
  absl::StrAppend(
      &script, figure.log_x ? "set logscale x\nset xrange [0.9:*]\nset offsets 0, graph 0.04, graph 0.04, graph 0.02\n"
                            : "set xrange [0:*]\nset offsets 0, 0, graph 0.04, graph 0.02\n");
  if (!figure.ticks.empty()) {
    absl::StrAppend(&script, "set xtics (");
    for (size_t i = 0; i < figure.ticks.size(); ++i) {
      absl::StrAppendFormat(&script, "%s%s %.9g", i == 0 ? "" : ", ", Quoted(figure.ticks[i].label), figure.ticks[i].x);
    }
    absl::StrAppend(&script, ")\n");
  }
  std::vector<std::string> layers;
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    if (series.deviation.empty()) continue;
    layers.push_back(
        absl::StrCat("$s", i, " using 1:3:4 with filledcurves lc rgb ", Colour(series.colour), " notitle"));
  }
  for (const Reference& reference : figure.references) {
    layers.push_back(absl::StrFormat("%.9g with lines lw 1.5 dt (4,4) lc rgb '#606060' title %s", reference.y,
                                     Quoted(reference.label)));
  }
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    layers.push_back(absl::StrCat("$s", i, " using 1:2 with ", series.markers ? "linespoints pt 7 ps 0.9" : "lines",
                                  " lw 2 dt ", series.dashed ? "2" : "1", " lc rgb ", Colour(series.colour), " title ",
                                  Quoted(series.label)));
  }
  std::string plot = "plot ";
  for (size_t i = 0; i < layers.size(); ++i) absl::StrAppend(&plot, i == 0 ? "" : ", \\\n  ", layers[i]);
  absl::StrAppend(&script, ToSvgAndPng(plot, base));
  return script;
}

absl::Status Draw(const Figure& figure, const std::string& base) { return RunGnuplot(GnuplotScript(figure, base)); }

}  // namespace nmn::report
