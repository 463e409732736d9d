#include "cli/report/panels.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/gnuplot.h"

namespace nmn::report {
namespace {

// Of the picture's width and height: what axes and titles need around the panels and between them.
constexpr double kLeft = 0.065, kRight = 0.985, kBelow = 0.2, kAbove = 0.88, kAboveOneRow = 0.83, kAboveUntitled = 0.95;
constexpr double kBetweenColumns = 0.045, kBetweenRows = 0.11;

}  // namespace

absl::Status Draw(const Panels& panels, const Style& style, const std::string& base) {
  const size_t rows = (panels.figures.size() + panels.columns - 1) / panels.columns;
  std::string setup;
  std::string plot =
      absl::StrFormat("set multiplot layout %d,%d rowsfirst margins %g,%g,%g,%g spacing %g,%g", rows, panels.columns,
                      kLeft, kRight, rows > 1 ? kBelow * 0.8 : kBelow,
                      style.title ? (rows > 1 ? kAbove : kAboveOneRow) : kAboveUntitled, kBetweenColumns, kBetweenRows);
  if (style.title) absl::StrAppend(&plot, " title ", Quoted(panels.title), " noenhanced");
  absl::StrAppend(&plot, "\n");
  Style of_panels = style;
  of_panels.title = true;  // says which panel it is, on paper too
  for (size_t i = 0; i < panels.figures.size(); ++i) {
    const FigureScript script = ScriptOf(panels.figures[i], of_panels, absl::StrCat("p", i, "s"));
    absl::StrAppend(&setup, script.data);
    const size_t last = script.commands.rfind("\nplot ") + 1;
    absl::StrAppend(&plot, script.commands.substr(0, last),
                    i == 0 ? "set key at screen 0.5,0.015 center bottom horizontal\n" : "unset key\n",
                    script.commands.substr(last), "\n");
  }
  absl::StrAppend(&plot, "unset multiplot");
  return DrawCommands(setup, plot, style, base);
}

}  // namespace nmn::report
