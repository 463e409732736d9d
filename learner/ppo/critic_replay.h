#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "learner/ppo/sequence_model.h"

namespace nmn::ppo {

// The kept steps of the last episodes with their targets as computed when collected, oldest first. Tensors are never
// changed in place: a copy of the struct is a snapshot.
struct CriticReplay {
  Sequences episodes;  // [T', .., episode]; undefined while empty
  at::Tensor returns;  // [T', episode]

  int64_t size() const { return returns.defined() ? returns.size(1) : 0; }

  // Appends an update's episodes and drops the oldest beyond `capacity`.
  void Add(const Sequences& new_episodes, const at::Tensor& new_returns, int64_t capacity);
};

}  // namespace nmn::ppo
