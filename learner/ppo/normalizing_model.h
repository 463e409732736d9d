#pragma once

#include <memory>

#include "learner/ppo/network.h"
#include "learner/ppo/sequences.h"

namespace nmn::ppo {

// A network that reads raw sequences, normalised by the statistics among its own parameters (nn::NetworkSpec), which
// are those of the moment: an episode of before is read as one of now. `model` computes the rest. Without normalisation
// it is `model` itself.
std::unique_ptr<SequenceModel> Normalizing(const nn::NetworkSpec& spec, std::unique_ptr<SequenceModel> model);

// The statistic `name` of a network, [size]; shares the parameters' memory.
at::Tensor Statistic(const nn::NetworkSpec& spec, const at::Tensor& parameters, const char* name);

}  // namespace nmn::ppo
