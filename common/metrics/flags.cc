#include "common/metrics/flags.h"

#include <CLI/CLI.hpp>

#include "common/flags/groups.h"
#include "common/metrics/port_protection.h"

namespace nmn::metrics {

CLI::Option* AddFlags(CLI::App& app, const std::string& help, std::string& address, std::string& protection) {
  CLI::Option* metrics = app.add_option("--metrics", address, help);
  metrics->type_name("ADDRESS")->capture_default_str()->group(flags::kMetricsGroup);
  app.add_option("--metrics_tls", protection, kMetricsTlsHelp)->type_name("PROTECTION")->group(flags::kMetricsGroup);
  return metrics;
}

}  // namespace nmn::metrics
