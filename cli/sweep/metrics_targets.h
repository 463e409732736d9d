#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"

namespace nmn::sweep {

// "127.0.0.1:41234" from the last line "metrics on http://127.0.0.1:41234/metrics" in a run's log after its first
// `skip` bytes, which are of earlier attempts; "" where there is none yet.
std::string MetricsAddress(const std::string& log, uint64_t skip);

// Writes a Prometheus file_sd list: one target a run, with the run's name as label `sweep_run`; nmn_run_info says the
// rest.
absl::Status WriteTargets(const std::string& file, const std::map<std::string, std::string>& address_of_run);

}  // namespace nmn::sweep
