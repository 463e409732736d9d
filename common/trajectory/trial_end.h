#pragma once

#include "common/tensor/view.h"

namespace nmn::trajectory {

// What a network reads of the ends of trials as they are recorded (env::kGoesOn, ..), one a lane: 1, 0 where the step
// terminated its trial, 0, 1 where it truncated it, else 0, 0. one_hot [nn::kTrialEndInputs, lane] out.
void ReadTrialEnd(const float* recorded, View2 one_hot);

}  // namespace nmn::trajectory
