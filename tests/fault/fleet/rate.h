#pragma once

#include <functional>
#include <vector>

#include "tests/fault/fleet/fleet.h"

namespace nmn::fault {

// Updates a second from the first to the last of a run with `count` actors, which must end as a fault-free one does.
// `hinder` is called after the first update and may last as long as the run.
double Rate(const FleetOptions& options, int count, const std::function<void(Fleet&)>& hinder);

// The middle one; `values` is not empty.
double Median(std::vector<double> values);

}  // namespace nmn::fault
