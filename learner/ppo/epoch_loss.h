#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "learner/ppo/network.h"

namespace nmn::ppo {

// The losses of an epoch's steps, which stay on the device until the update is over.
class EpochLoss {
 public:
  void Add(const StepResult& step, int64_t segments);

  // Reads, at once, all steps (one at least) and `more`, one element each, whose values it returns. `mean` becomes the
  // mean loss over segments, and `last_norm` the norm of the last step's gradient.
  std::vector<double> ReadWith(const std::vector<at::Tensor>& more, double& mean, double& last_norm) const;

 private:
  std::vector<at::Tensor> losses_;
  std::vector<int64_t> segments_;
  at::Tensor last_norm_;
};

}  // namespace nmn::ppo
