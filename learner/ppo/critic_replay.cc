#include "learner/ppo/critic_replay.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace nmn::ppo {
namespace {

at::Tensor Append(const at::Tensor& old, const at::Tensor& added, int64_t capacity) {
  const at::Tensor all = old.defined() ? at::cat({old, added}, -1) : added;
  const int64_t kept = std::min(capacity, all.size(-1));
  return all.narrow(-1, all.size(-1) - kept, kept).contiguous();
}

}  // namespace

void CriticReplay::Add(const Sequences& new_episodes, const at::Tensor& new_returns, int64_t capacity) {
  episodes.recurrent_input = Append(episodes.recurrent_input, new_episodes.recurrent_input, capacity);
  episodes.main_input = Append(episodes.main_input, new_episodes.main_input, capacity);
  returns = Append(returns, new_returns, capacity);
}

}  // namespace nmn::ppo
