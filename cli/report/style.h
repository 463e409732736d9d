#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/report/statistics.h"

namespace nmn::report {

struct Inches {
  double width = 0;
  double height = 0;
};

// On a screen.
struct Pixels {
  double width = 900;
  double height = 560;
};

struct Limits {
  double low = 0;
  double high = 0;
};

// How figures look: flags of `nmn report`.
struct Style {
  std::vector<std::string> formats = {"svg", "png"};  // of kFormats
  std::optional<Inches> size = {};                    // on paper, letters of 8 pt; none: for a screen
  Pixels screen = {};                                 // without a size on paper
  bool title = true;
  std::optional<Limits> y_range = {};  // of learning curves; none: what the curves, bands and lines need
};

inline constexpr const char* kFormats[] = {"svg", "png", "pdf"};

// The paper's smoothing: plots are running means over 1000 episodes.
inline constexpr size_t kSmoothingEpisodes = 1000;

// What a report shows.
struct Options {
  bool each = false;   // a curve for every run
  bool go_on = false;  // curves go on where their shorter runs end, with those that are left
  size_t smooth = kSmoothingEpisodes;
  Average average = Average::kMean;
  Band band = Band::kDeviation;
  Style style = {};
};

// "12x8cm", "3.5x2.5in", "12x8" (cm): 2 to 100 cm either way. INVALID_ARGUMENT begins with "--size".
absl::StatusOr<Inches> ParseSize(const std::string& text);
// "0:5000". INVALID_ARGUMENT begins with "--y_range".
absl::StatusOr<Limits> ParseLimits(const std::string& text);

}  // namespace nmn::report
