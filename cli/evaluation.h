#pragma once

#include <string>

#include "actor/play/evaluation.h"

namespace nmn::cli {

// One line: episodes, return_mean, return_sem, discounted_mean, discounted_sem, <measure>_mean, <measure>_sem,
// adaptation; of a task with trials trials_per_episode and trials, by the number of the trial.
std::string ToJson(const play::Evaluation& evaluation);

// The same for people, a line each.
std::string ToTable(const play::Evaluation& evaluation);

// "81.0600 +- 0.1900": a mean and its standard error. Of one episode there is no error: "81.0600 +- unknown". `width`
// is the mean's.
std::string WithError(double mean, double standard_error, int width = 0);

}  // namespace nmn::cli
