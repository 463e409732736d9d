#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/tensor/named_tensor.h"
#include "learner/ppo/critic.h"
#include "learner/ppo/network.h"

namespace nmn::ppo {

// Names in a checkpoint. weights: "actor.gru0.w_input" .. "critic.head.bias". optimizer, flat vectors in the same
// order:
//   actor.adam.first_moment [parameter], actor.adam.second_moment, critic.adam.first_moment, critic.adam.second_moment,
//   replay.recurrent_input [T', recurrent_input_size, episode], replay.main_input [T', main_input_size, episode],
//   replay.returns [T', episode]
// The replay is absent while it is empty.

// `role` is "actor" or "critic".
void AppendWeights(const std::string& role, const LearnedNetwork& network, std::vector<NamedTensor>& weights);
void AppendOptimizer(const std::string& role, const LearnedNetwork& network, std::vector<NamedTensor>& optimizer);
void AppendReplay(const CriticReplay& replay, std::vector<NamedTensor>& optimizer);

// Reads such lists back, in order. INVALID_ARGUMENT names the first tensor that is missing, has another shape or is one
// too many.
class StateReader {
 public:
  explicit StateReader(const std::vector<NamedTensor>& tensors) : tensors_(tensors) {}

  absl::Status ReadWeights(const std::string& role, const nn::NetworkSpec& spec, std::vector<float>& flat);
  // A tensor [shape], float32 on the CPU.
  absl::Status Read(const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor);
  absl::Status Finish() const;

 private:
  absl::Status Find(const std::string& name, const std::vector<int64_t>& shape, const NamedTensor*& tensor);

  const std::vector<NamedTensor>& tensors_;
  size_t next_ = 0;
};

// A network's parameters and moments, onto its device. INVALID_ARGUMENT as above.
absl::Status ReadNetwork(const std::string& role, StateReader& weights, StateReader& optimizer,
                         LearnedNetwork& network);
// The replay of a critic: `episodes` of `steps` steps.
absl::Status ReadReplay(const LearnedNetwork& critic, int64_t steps, int64_t episodes, StateReader& optimizer,
                        CriticReplay& replay);

}  // namespace nmn::ppo
