#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "common/rng/philox.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What one Adam step reads that no other step does, on the device. The host has no part in a step, so a CUDA graph can
// hold a whole epoch: it runs again with other values in the same places.
struct PlannedStep {
  at::Tensor index;    // the segments of its minibatch [segment], int64
  at::Tensor factors;  // AdamFactors [2], float64

  int64_t size() const { return index.size(0); }
};

// What Adam's steps `first`, `first` + 1, .. (counted from 1) need of the learning rate and of the bias corrections:
// sqrt(1 - beta2^t) and -rate / (1 - beta1^t), [count, 2], float64 on the CPU.
at::Tensor AdamFactors(const v1::AdamOptions& options, double rate, uint64_t first, int64_t count);

struct StepPlan {
  int64_t segments = 0;    // there are
  uint32_t minibatch = 0;  // segments a step; 0: all of them, in order
  uint32_t epochs = 0;
  uint64_t seed = 0;  // of the shuffles, with `purpose` and `update`
  rng::Purpose purpose = rng::Purpose::kPolicyShuffle;
  uint32_t update = 0;
  v1::AdamOptions adam;
  double rate = 0;  // learning rate
  uint64_t adam_steps_before = 0;
};

// The steps of an update, [epoch][minibatch]. Two uploads, however many steps there are.
std::vector<std::vector<PlannedStep>> PlanSteps(const StepPlan& plan, at::Device device);

}  // namespace nmn::ppo
