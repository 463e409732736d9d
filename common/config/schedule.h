#pragma once

#include <optional>
#include <string>

#include "nmn/v1/run_config.pb.h"

namespace nmn::config {

// Makes the schedule of learning (ppo.anneal_updates) as long as the budget; nothing where there is none.
void ScaleSchedule(v1::RunConfig& config);

// One sentence where the budget ends before the schedule does, which leaves the learning rates above where they would
// end; nullopt where it does not.
std::optional<std::string> ScheduleNotice(const v1::RunConfig& config);

}  // namespace nmn::config
