#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/style.h"

namespace nmn::report {

// A line with an optional band around it, in data units.
struct Series {
  std::string label = {};
  std::vector<double> x, y;
  std::vector<double> low = {}, high = {};  // the band's edges; empty: none
  std::string colour = {};                  // "#0072B2"
  size_t dash = 0;                          // 0: a whole line
  bool markers = false;
  bool dots = false;  // dots without a line
};

struct Reference {
  std::string label = {};
  double y = 0;
};

struct Tick {
  std::string label = {};
  double x = 0;
};

struct Figure {
  std::string title, x_label, y_label;
  std::vector<Series> series;
  std::vector<Reference> references;  // horizontal lines
  std::vector<Tick> ticks;            // of the x axis; empty: chosen by gnuplot
  std::optional<Limits> y_range;      // none: what the curves, bands and references need
  std::optional<Limits> x_range;      // none: from 0 to the last point, or what a logarithmic axis needs
  bool log_x = false;
};

// From the lowest to the highest of all that is drawn: curves, bands and references.
Limits DrawnRange(const Figure& figure);

// A figure as gnuplot reads it. `data` are blocks whose names begin with $ and `prefix`; `commands` use them, and their
// last line is the plot command.
struct FigureScript {
  std::string data, commands;
};
FigureScript ScriptOf(const Figure& figure, const Style& style, const std::string& prefix);

// The gnuplot script of `figure`; its last line is the plot command.
std::string GnuplotScript(const Figure& figure, const Style& style);

// Errors are DrawScript's.
absl::Status Draw(const Figure& figure, const Style& style, const std::string& base);

}  // namespace nmn::report
