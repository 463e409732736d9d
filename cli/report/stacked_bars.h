#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

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

std::string StackedBarsScript(const StackedBars& figure, const std::string& base);

// Writes base.svg and base.png. Errors are RunGnuplot's.
absl::Status Draw(const StackedBars& figure, const std::string& base);

}  // namespace nmn::report
