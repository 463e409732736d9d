#include "cli/report/stacked_bars.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/report/gnuplot.h"

namespace nmn::report {

// Each part is a box from the parts below it to their sum, drawn by itself: gnuplot's own stacked histogram has no
// place for the line across.
std::string StackedBarsScript(const StackedBars& figure, const Style& style) {
  std::string script = "$bars << END\n";
  std::vector<std::string> tics;
  for (size_t i = 0; i < figure.bars.size(); ++i) {
    const StackedBars::Bar& bar = figure.bars[i];
    absl::StrAppendFormat(&script, "%d %.9g 0", i, bar.mark);
    double sum = 0;
    for (double part : bar.parts) absl::StrAppendFormat(&script, " %.9g", sum += part);
    absl::StrAppend(&script, "\n");
    tics.push_back(absl::StrCat(Quoted(bar.label), " ", i));
  }
  absl::StrAppend(&script, "END\n", TitleCommand(figure.title, style), "set ylabel ", Quoted(figure.y_label),
                  " noenhanced offset -0.5,0\n", "set xtics (", absl::StrJoin(tics, ", "), ") noenhanced",
                  figure.bars.size() > 3 ? " rotate by -25 left" : "", "\n");
  absl::StrAppend(&script,
                  "set border 3 lc rgb '#404040'\n"
                  "set tics nomirror textcolor rgb '#404040'\n"
                  "set grid ytics lc rgb '#DDDDDD' lw 1 lt 1\n"
                  "set key outside right top Left reverse invert samplen 2 spacing 1.2 noenhanced\n"
                  "set style fill solid 0.85 noborder\n"
                  "set yrange [0:*]\n");
  absl::StrAppendFormat(&script, "set xrange [-0.7:%.9g]\n", static_cast<double>(figure.bars.size()) - 0.3);
  std::vector<std::string> layers;
  for (size_t part = 0; part < figure.parts.size(); ++part) {
    const size_t below = part + 3, top = part + 4;  // columns, from 1
    layers.push_back(absl::StrCat("$bars using 1:", below, ":($1-0.35):($1+0.35):", below, ":", top,
                                  " with boxxyerror lc rgb ", Quoted(Colour(part)), " title ",
                                  Quoted(figure.parts[part])));
  }
  layers.push_back(absl::StrCat("$bars using ($1-0.42):2:(0.84):(0) with vectors nohead lw 3 lc rgb '#000000' title ",
                                Quoted(figure.mark)));
  return absl::StrCat(script, "plot ", absl::StrJoin(layers, ", "));
}

absl::Status Draw(const StackedBars& figure, const Style& style, const std::string& base) {
  return DrawScript(StackedBarsScript(figure, style), style, base);
}

}  // namespace nmn::report
