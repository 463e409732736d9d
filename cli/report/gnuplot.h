#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace nmn::report {

// gnuplot's single quotes take everything literally but themselves.
std::string Quoted(const std::string& text);

// Okabe and Ito's colours, told apart by colour-blind readers: "'#0072B2'". Any index; they come again after seven.
std::string Colour(size_t index);

// What draws `plot` (a plot command without a newline) to base.svg and then to base.png.
std::string ToSvgAndPng(const std::string& plot, const std::string& base);

// NOT_FOUND, with the package's name, where gnuplot is not in PATH; INTERNAL with gnuplot's words.
absl::Status RunGnuplot(const std::string& script);

}  // namespace nmn::report
