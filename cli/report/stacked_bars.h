#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/style.h"

namespace nmn::report {

// Bars side by side, each a stack of the same parts from the axis up, with a line across at another value.
struct StackedBars {
  struct Bar {
    std::string label;
    std::vector<double> parts;  // one for each of StackedBars::parts
    double mark = 0;
  };
  std::string title, y_label;
  std::vector<std::string> parts;
  std::string mark;  // what the lines mean
  std::vector<Bar> bars;
};

// The gnuplot script of `figure`; its last line is the plot command.
std::string StackedBarsScript(const StackedBars& figure, const Style& style);

// Errors are DrawScript's.
absl::Status Draw(const StackedBars& figure, const Style& style, const std::string& base);

}  // namespace nmn::report
