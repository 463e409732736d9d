#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace nmn::report {

// A line with an optional band around it, in data units.
struct Series {
  std::string label;
  std::vector<double> x, y;
  std::vector<double> deviation;  // half-width of the band; empty: none
  size_t colour = 0;              // index in the palette, modulo its size
  bool dashed = false;
  bool markers = false;
};

struct Reference {
  std::string label;
  double y = 0;
};

struct Tick {
  std::string label;
  double x = 0;
};

struct Figure {
  std::string title, x_label, y_label;
  std::vector<Series> series;
  std::vector<Reference> references;  // horizontal lines
  std::vector<Tick> ticks;            // of the x axis; empty: chosen by gnuplot
  bool log_x = false;
};

// The gnuplot script that draws `figure` to base.svg and base.png.
std::string GnuplotScript(const Figure& figure, const std::string& base);

// Writes base.svg and base.png. Errors are RunGnuplot's.
absl::Status Draw(const Figure& figure, const std::string& base);

}  // namespace nmn::report
