#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "cli/report/style.h"

namespace nmn::report {

// gnuplot's single quotes take everything literally but themselves; a newline becomes a space.
std::string Quoted(const std::string& text);

// Okabe and Ito's colours, told apart by colour-blind readers: "#0072B2". Any index; they come again after seven.
std::string Colour(size_t index);
// The colour of an architecture, the same in every figure, and for each further curve of it in one figure another
// shade.
std::string ColourOf(const std::string& architecture, size_t shade);

// `set title`, or nothing where the style has none.
std::string TitleCommand(const std::string& title, const Style& style);

// Draws `script`, whose last line is a plot command, to base.svg, base.png or base.pdf, as the style says. Each file is
// replaced as a whole; what gnuplot reads and writes on the way stands beside it, as temporaries (fs::TemporaryBeside),
// and is removed. NOT_FOUND, with the package's name, where gnuplot is not in PATH; INTERNAL with gnuplot's words.
absl::Status DrawScript(const std::string& script, const Style& style, const std::string& base);
// The same for a picture of several plots: `setup` is read once, `plot` once for each format.
absl::Status DrawCommands(const std::string& setup, const std::string& plot, const Style& style,
                          const std::string& base);

}  // namespace nmn::report
