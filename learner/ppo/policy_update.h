#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "learner/ppo/learned_network.h"
#include "learner/ppo/objectives.h"
#include "learner/ppo/optimiser_step.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What both updates know about where they stand in the run.
struct UpdateContext {
  uint64_t seed = 0;
  uint32_t update = 0;
  double rate = 0;                          // learning rate, schedules included
  const std::atomic<bool>* stop = nullptr;  // polled between optimiser steps: CANCELLED
  StepObserver on_step = nullptr;           // may be empty
};
absl::Status CheckNotStopped(const UpdateContext& context);
// To context.on_step, where somebody listens. `epoch` and `minibatch` count from 0.
void TellStep(const UpdateContext& context, OptimiserStep::Network network, uint32_t epoch, uint32_t minibatch,
              const StepResult& step, const at::Tensor& parameters);

struct PolicyUpdateResult {
  double loss = 0;           // mean of the last epoch
  double gradient_norm = 0;  // of the last step, before clipping
  double clip_fraction = 0;  // of the last epoch; NaN for KL_PENALTY
  double kl = 0;             // mean KL(before || new) over all kept steps, from a fresh pass from the zero state
  double entropy = 0;        // mean over the same pass
};

// The epochs of one policy update (nmn.md section 3); `actor` is changed, whether the KL is acceptable is for the
// caller.
//   episodes [T', .., episode], samples [T', episode]; beta is read by KL_PENALTY, entropy_bonus by both objectives.
absl::StatusOr<PolicyUpdateResult> UpdatePolicy(LearnedNetwork& actor, const Sequences& episodes,
                                                const PolicySamples& samples, const v1::PpoOptions& options,
                                                double beta, double entropy_bonus, const UpdateContext& context);

}  // namespace nmn::ppo
