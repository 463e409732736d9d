#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/figure.h"

namespace nmn::report {

// Figures in one picture, row by row. Each has its own axes; one key below all has the labels of the first.
struct Panels {
  std::string title;
  size_t columns = 1;
  std::vector<Figure> figures;
};

// Errors are DrawScript's.
absl::Status Draw(const Panels& panels, const Style& style, const std::string& base);

}  // namespace nmn::report
