#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "learner/ppo/network.h"
#include "learner/ppo/sequences.h"
#include "learner/ppo/update_context.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// One loss a sample. SQUARED: (V - R)^2. HUBER: d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2), d = V - R.
at::Tensor CriticLoss(const at::Tensor& value, const at::Tensor& target, const v1::CriticUpdate& options);

// The kept steps of the last episodes with their targets as computed when collected, oldest first, all as they were
// before normalisation. Tensors are never changed in place: a copy of the struct is a snapshot.
struct CriticReplay {
  Sequences episodes;  // [T', .., episode]; undefined while empty
  at::Tensor returns;  // [T', episode]

  int64_t size() const { return returns.defined() ? returns.size(1) : 0; }

  // Appends an update's episodes and drops the oldest beyond `capacity`.
  void Add(const Sequences& new_episodes, const at::Tensor& new_returns, int64_t capacity);
};

struct CriticUpdateResult {
  double loss = 0;           // mean of the last epoch
  double gradient_norm = 0;  // of the last step, before clipping
};

// The epochs of one critic update over everything the replay holds (docs/specification.md section 3.7).
absl::StatusOr<CriticUpdateResult> UpdateCritic(LearnedNetwork& critic, const CriticReplay& replay,
                                                const v1::PpoOptions& options, const UpdateContext& context);

}  // namespace nmn::ppo
