#include "learner/ppo/critic_update.h"

#include <ATen/ATen.h>

#include "learner/ppo/objectives.h"
#include "learner/ppo/shuffle.h"

namespace nmn::ppo {

absl::StatusOr<CriticUpdateResult> UpdateCritic(LearnedNetwork& critic, const CriticReplay& replay,
                                                const v1::PpoOptions& options, const UpdateContext& context) {
  const int64_t steps = options.segment_steps();
  const SegmentBatch segments{CutIntoSegments(replay.episodes, steps),
                              SegmentStarts(*critic.model, critic.parameters, replay.episodes, steps)};
  const at::Tensor targets = CutIntoSegments(replay.returns, steps);
  const int64_t count = targets.size(1);
  const StepOptions step_options{options.adam(), context.rate, options.critic().gradient_clip_norm()};
  const auto loss_of = [&](const at::Tensor& output, const at::Tensor& index) {
    return CriticLoss(output.select(1, 0), targets.index_select(1, index), options.critic());
  };

  CriticUpdateResult result;
  for (uint32_t epoch = 0; epoch < options.critic().epochs(); ++epoch) {
    result.loss = 0;
    uint32_t number = 0;
    for (const std::vector<int64_t>& minibatch : Minibatches(count, options.critic().minibatch_segments(), context.seed,
                                                             rng::Purpose::kCriticShuffle, context.update, epoch)) {
      if (absl::Status status = CheckNotStopped(context); !status.ok()) return status;
      const StepResult step = DescendOnce(critic, segments, minibatch, step_options, loss_of);
      result.loss += step.loss * static_cast<double>(minibatch.size()) / static_cast<double>(count);
      result.gradient_norm = step.gradient_norm;
      TellStep(context, OptimiserStep::Network::kCritic, epoch, number++, step, critic.parameters);
    }
  }
  return result;
}

}  // namespace nmn::ppo
