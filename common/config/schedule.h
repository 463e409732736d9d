#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nmn/v1/run_config.pb.h"

namespace nmn::config {

// Makes the schedule of learning (ppo.anneal_updates) as long as the budget; nothing where there is none.
void ScaleSchedule(v1::RunConfig& config);

// One sentence where the budget ends before the schedule does, which leaves the learning rates above where they would
// end; nullopt where it does not.
std::optional<std::string> ScheduleNotice(const v1::RunConfig& config);

// How much of the schedule has passed at `update` (from 1): 0 at the first update, 1 from update anneal_updates + 1 on.
double AnnealedFraction(const v1::PpoOptions& options, uint32_t update);

// The least log-variance of the policy that acts and learns in `update` (from 1): network.min_log_variance, on its way
// to ppo.policy.final_min_log_variance where that is there. Weights have that of the first update they play for.
double MinLogVariance(const v1::RunConfig& config, uint32_t update);

// What the weights after `updates` updates of a run of `config` mean without the run: network.min_log_variance is
// theirs and moves no more.
v1::RunConfig ConfigAfter(const v1::RunConfig& config, uint32_t updates);

}  // namespace nmn::config
