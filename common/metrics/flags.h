#pragma once

#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace nmn::metrics {

// Adds --metrics, described by `help`, and --metrics_tls. What they hold is the default. Returns --metrics.
CLI::Option* AddFlags(CLI::App& app, const std::string& help, std::string& address, std::string& protection);

}  // namespace nmn::metrics
