#pragma once

#include <string>

#include "actor/play/evaluation.h"

namespace nmn::cli {

// One line: episodes, return_mean, return_sem, discounted_mean, discounted_sem, <measure>_mean, <measure>_sem,
// adaptation.
std::string ToJson(const play::Evaluation& evaluation);

}  // namespace nmn::cli
