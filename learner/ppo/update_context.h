#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "absl/status/status.h"

namespace nmn::ppo {

// One Adam step of an update, for who looks for the first number that is not finite.
struct OptimiserStep {
  enum class Network { kPolicy, kCritic };
  Network network = Network::kPolicy;
  uint32_t epoch = 0;            // from 1
  uint32_t minibatch = 0;        // from 1
  double loss = 0;               // mean over the minibatch's samples, before the step
  double gradient_norm = 0;      // before clipping
  double largest_parameter = 0;  // largest absolute value after the step; NaN where one is NaN
};

// Hears of every step, in the order in which its network takes them. With two threads or more, policy and critic tell
// of theirs from two threads at once.
using StepObserver = std::function<void(const OptimiserStep&)>;

// What both updates know about where they stand in the run.
struct UpdateContext {
  uint64_t seed = 0;
  uint32_t update = 0;
  double rate = 0;                 // learning rate, schedules included
  std::stop_token stop;            // polled between optimiser steps: CANCELLED
  StepObserver on_step = nullptr;  // may be empty
};

// CANCELLED where the update is to stop.
inline absl::Status CheckNotStopped(const UpdateContext& context) {
  if (context.stop.stop_requested()) {
    return absl::CancelledError("the update was stopped");
  }
  return absl::OkStatus();
}

}  // namespace nmn::ppo
