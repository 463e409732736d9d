#include "common/trajectory/trial_end.h"

#include <cassert>

#include "common/env/environment.h"
#include "common/nn/network_spec.h"

namespace nmn::trajectory {

void ReadTrialEnd(const float* recorded, View2 one_hot) {
  assert(one_hot.rows == nn::kTrialEndInputs);
  for (size_t lane = 0; lane < one_hot.columns; ++lane) {
    one_hot(0, lane) = recorded[lane] == env::kTerminated ? 1.0f : 0.0f;
    one_hot(1, lane) = recorded[lane] == env::kTruncated ? 1.0f : 0.0f;
  }
}

}  // namespace nmn::trajectory
