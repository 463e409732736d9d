#include "learner/ppo/planned_steps.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "learner/ppo/sequences.h"
#include "learner/ppo/transfer.h"

namespace nmn::ppo {

at::Tensor AdamFactors(const v1::AdamOptions& options, double rate, uint64_t first, int64_t count) {
  const at::Tensor factors = at::empty({count, 2}, at::kDouble);
  double* out = factors.data_ptr<double>();
  for (int64_t i = 0; i < count; ++i) {
    const auto t = static_cast<double>(first + static_cast<uint64_t>(i));
    *out++ = std::sqrt(1.0 - std::pow(options.beta2(), t));
    *out++ = -rate / (1.0 - std::pow(options.beta1(), t));
  }
  return factors;
}

std::vector<std::vector<PlannedStep>> PlanSteps(const StepPlan& plan, at::Device device) {
  std::vector<std::vector<std::vector<int64_t>>> epochs;
  std::vector<int64_t> order;  // of all epochs, one after the other
  int64_t count = 0;
  for (uint32_t epoch = 0; epoch < plan.epochs; ++epoch) {
    epochs.push_back(Minibatches(plan.segments, plan.minibatch, plan.seed, plan.purpose, plan.update, epoch));
    for (const std::vector<int64_t>& minibatch : epochs.back())
      order.insert(order.end(), minibatch.begin(), minibatch.end());
    count += static_cast<int64_t>(epochs.back().size());
  }
  const at::Tensor host_order = at::empty({static_cast<int64_t>(order.size())}, at::kLong);
  std::copy(order.begin(), order.end(), host_order.data_ptr<int64_t>());
  const at::Tensor index = ToDevice(host_order, device);
  const at::Tensor factors = ToDevice(AdamFactors(plan.adam, plan.rate, plan.adam_steps_before + 1, count), device);

  std::vector<std::vector<PlannedStep>> steps;
  int64_t place = 0, number = 0;
  for (const std::vector<std::vector<int64_t>>& minibatches : epochs) {
    steps.emplace_back();
    for (const std::vector<int64_t>& minibatch : minibatches) {
      const auto size = static_cast<int64_t>(minibatch.size());
      steps.back().push_back({index.narrow(0, place, size), factors[number++]});
      place += size;
    }
  }
  return steps;
}

}  // namespace nmn::ppo
