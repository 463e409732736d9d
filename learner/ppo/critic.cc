#include "learner/ppo/critic.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "learner/ppo/epoch_loss.h"
#include "learner/ppo/normalizing_model.h"
#include "learner/ppo/planned_steps.h"
#include "learner/ppo/sequences.h"

namespace nmn::ppo {
namespace {

at::Tensor Append(const at::Tensor& old, const at::Tensor& added, int64_t capacity) {
  const at::Tensor all = old.defined() ? at::cat({old, added}, -1) : added;
  const int64_t kept = std::min(capacity, all.size(-1));
  return all.narrow(-1, all.size(-1) - kept, kept).contiguous();
}

// Adam's options of the critic: its own if it has any.
v1::AdamOptions AdamOf(const v1::AdamOptions& options) {
  v1::AdamOptions adam = options;
  if (options.has_critic_beta1()) adam.set_beta1(options.critic_beta1());
  if (options.has_critic_beta2()) adam.set_beta2(options.critic_beta2());
  if (options.has_critic_epsilon()) adam.set_epsilon(options.critic_epsilon());
  return adam;
}

}  // namespace

at::Tensor CriticLoss(const at::Tensor& value, const at::Tensor& target, const v1::CriticUpdate& options) {
  const at::Tensor difference = value - target;
  if (options.loss() != v1::HUBER) return difference * difference;
  const at::Tensor inside = difference.clamp(-options.huber_delta(), options.huber_delta());
  return inside * (difference - 0.5 * inside);
}

void CriticReplay::Add(const Sequences& new_episodes, const at::Tensor& new_returns, int64_t capacity) {
  episodes.recurrent_input = Append(episodes.recurrent_input, new_episodes.recurrent_input, capacity);
  episodes.main_input = Append(episodes.main_input, new_episodes.main_input, capacity);
  returns = Append(returns, new_returns, capacity);
}

absl::StatusOr<CriticUpdateResult> UpdateCritic(LearnedNetwork& critic, const CriticReplay& replay,
                                                const v1::PpoOptions& options, const UpdateContext& context) {
  const int64_t steps = options.segment_steps();
  const SegmentBatch segments{CutIntoSegments(replay.episodes, steps),
                              SegmentStarts(*critic.model, critic.parameters, replay.episodes, steps)};
  at::Tensor targets = CutIntoSegments(replay.returns, steps);
  if (critic.spec.normalizes_reward) targets = targets / Statistic(critic.spec, critic.parameters, nn::kReturnScale);
  const int64_t count = targets.size(1);
  const StepOptions step_options{AdamOf(options.adam()), options.critic().gradient_clip_norm()};
  const std::vector<std::vector<PlannedStep>> epochs = PlanSteps({.segments = count,
                                                                  .minibatch = options.critic().minibatch_segments(),
                                                                  .epochs = options.critic().epochs(),
                                                                  .seed = context.seed,
                                                                  .purpose = rng::Purpose::kCriticShuffle,
                                                                  .update = context.update,
                                                                  .adam = step_options.adam,
                                                                  .rate = context.rate,
                                                                  .adam_steps_before = critic.adam.steps},
                                                                 critic.parameters.device());
  const auto loss_of = [&](const at::Tensor& output, const at::Tensor& index) {
    return CriticLoss(output.select(1, 0), targets.index_select(1, index), options.critic());
  };

  EpochLoss loss;
  for (uint32_t epoch = 0; epoch < epochs.size(); ++epoch) {
    loss = {};
    for (uint32_t number = 0; number < epochs[epoch].size(); ++number) {
      if (absl::Status status = CheckNotStopped(context); !status.ok()) return status;
      const StepResult step = DescendOnce(critic, segments, epochs[epoch][number], step_options, loss_of);
      loss.Add(step, epochs[epoch][number].size());
      TellStep(context, OptimiserStep::Network::kCritic, epoch, number, step, critic.parameters);
    }
  }
  CriticUpdateResult result;
  loss.ReadWith({}, result.loss, result.gradient_norm);
  return result;
}

}  // namespace nmn::ppo
