#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/nn/network_spec.h"
#include "common/nn/policy_forward.h"

namespace nmn::nn {

// Lays out what a network reads at a step, normalised where the network says so.
class InputReader {
 public:
  explicit InputReader(const NetworkSpec& spec) : spec_(spec) {}

  // Takes the statistics out of the flat parameter vector.
  void SetParameters(std::span<const float> parameters);

  // Lanes [first, first + count) of `input` to rows that are `stride` apart: recurrent [recurrent_input_size], main
  // [main_input_size].
  void Read(const StepInput& input, size_t first, size_t count, size_t stride, float* recurrent, float* main) const;

 private:
  float* CopyObservation(ConstView2 from, size_t first, size_t count, size_t stride, float* to) const;
  void CopyReward(const float* reward, size_t count, float* to) const;

  const NetworkSpec& spec_;
  std::vector<float> mean_, deviation_;  // of each number of an observation, with normalisation
  float reward_scale_ = 1;
};

}  // namespace nmn::nn
