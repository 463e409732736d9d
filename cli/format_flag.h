#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace nmn::cli {

// --format: the formats of a verb's figures, each once and in the order in which they are given.
void AddFormatFlag(CLI::App& verb, std::vector<std::string>& formats);

// What ends the names of figures: "pdf", or "{svg,png}" of several.
std::string Braced(const std::vector<std::string>& names);

}  // namespace nmn::cli
