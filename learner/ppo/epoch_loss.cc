#include "learner/ppo/epoch_loss.h"

#include <ATen/ATen.h>

#include <numeric>

#include "learner/ppo/transfer.h"

namespace nmn::ppo {

void EpochLoss::Add(const StepResult& step, int64_t segments) {
  losses_.push_back(step.loss);
  segments_.push_back(segments);
  last_norm_ = step.gradient_norm;
}

std::vector<double> EpochLoss::ReadWith(const std::vector<at::Tensor>& more, double& mean, double& last_norm) const {
  std::vector<at::Tensor> all = more;
  all.insert(all.end(), losses_.begin(), losses_.end());
  all.push_back(last_norm_);
  std::vector<double> read = ReadScalars(all);
  const auto count = static_cast<double>(std::accumulate(segments_.begin(), segments_.end(), int64_t{0}));
  mean = 0;
  for (size_t i = 0; i < losses_.size(); ++i) {
    mean += read[more.size() + i] * static_cast<double>(segments_[i]) / count;
  }
  last_norm = read.back();
  read.resize(more.size());
  return read;
}

}  // namespace nmn::ppo
