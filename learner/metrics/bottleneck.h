#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace nmn::metrics {

// Where a run's time goes, in one sentence that says what would make it faster. `seconds`: of the learner's loop in the
// last updates, by the phases of nmn_phase_seconds_total; empty before the first update. `actors`: connected now.
std::string Bottleneck(const std::map<std::string, double>& seconds, uint64_t actors);

}  // namespace nmn::metrics
