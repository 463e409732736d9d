#pragma once

#include <string>

#include "actor/play/evaluation.h"

namespace nmn::cli {

// One line: episodes, return_mean, return_sem, discounted_mean, discounted_sem, <measure>_mean, <measure>_sem,
// adaptation; of a task with trials trials_per_episode and trials, by the number of the trial.
std::string ToJson(const play::Evaluation& evaluation);

}  // namespace nmn::cli
