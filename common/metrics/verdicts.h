#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nmn/v1/learner.pb.h"

namespace nmn::metrics {

// What stands in the label `verdict`: "accepted", "duplicate", .. All that there are, in the order of their numbers.
std::vector<std::pair<v1::RejectReason, std::string>> Verdicts();

}  // namespace nmn::metrics
