#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/nn/network_spec.h"

namespace nmn::trace {

// A modulated layer of an NMN, and where its numbers stand among those of all: z . w_scale of each neuron from `first`,
// then z . w_offset of each.
struct ModulatedLayer {
  std::string name;  // "main0", "head"
  size_t neurons = 0;
  size_t first = 0;
};
// None for an RNN.
std::vector<ModulatedLayer> ModulatedLayers(const nn::NetworkSpec& network);

// What z does to each neuron (docs/specification.md section 2): z . w_s and z . w_b, the bias as the paper calls it.
//   actor     the actor's flat parameters
//   signal    z of the step [signal_size]
//   previous  z of the step before, which hidden layers read with signal_lag; zeros at t = 0
std::vector<float> Modulation(const nn::NetworkSpec& network, std::span<const float> actor,
                              std::span<const float> signal, std::span<const float> previous);

}  // namespace nmn::trace
