#include "learner/ppo/policy.h"

#include <ATen/ATen.h>

#include <limits>
#include <numeric>

#include "learner/ppo/epoch_loss.h"
#include "learner/ppo/planned_steps.h"
#include "learner/ppo/sequences.h"

namespace nmn::ppo {
namespace {

// The hinge starts at this many kl_target (docs/specification.md section 3.5).
constexpr double kHingeRatio = 2.0;

// The same with of(tensor) for each tensor.
template <typename Function>
PolicySamples ForEach(const PolicySamples& samples, Function of) {
  return {of(samples.raw_action), of(samples.advantage), samples.old.Map(of), samples.before.Map(of)};
}

PolicySamples CutSamples(const PolicySamples& samples, int64_t steps) {
  return ForEach(samples, [&](const at::Tensor& whole) { return CutIntoSegments(whole, steps); });
}

PolicySamples SelectSamples(const PolicySamples& samples, const at::Tensor& index) {
  return ForEach(samples, [&](const at::Tensor& all) { return all.index_select(-1, index); });
}

at::Tensor Mean(const at::Tensor& samples) { return samples.to(at::kDouble).mean(); }

}  // namespace

at::Tensor ProbabilityRatio(const PolicySamples& samples, const Policy& policy) {
  return at::exp(LogProbability(policy, samples.raw_action) - LogProbability(samples.old, samples.raw_action));
}

at::Tensor KlPenaltyLoss(const PolicySamples& samples, const Policy& policy, const v1::KlPenalty& options,
                         double beta) {
  const at::Tensor kl = KlDivergence(samples.kl_origin(), policy);
  const at::Tensor excess = at::relu(kl - kHingeRatio * options.kl_target());
  return -samples.advantage * ProbabilityRatio(samples, policy) + beta * kl +
         options.hinge_coefficient() * excess * excess;
}

at::Tensor ClippedRatioLoss(const PolicySamples& samples, const Policy& policy, double clip) {
  const at::Tensor ratio = ProbabilityRatio(samples, policy);
  return -at::minimum(samples.advantage * ratio, samples.advantage * ratio.clamp(1.0 - clip, 1.0 + clip));
}

at::Tensor IsClipped(const PolicySamples& samples, const Policy& policy, double clip) {
  return ((ProbabilityRatio(samples, policy) - 1.0).abs() > clip).to(samples.advantage.scalar_type());
}

absl::StatusOr<PolicyUpdateResult> UpdatePolicy(LearnedNetwork& actor, const Sequences& episodes,
                                                const PolicySamples& samples, const v1::PpoOptions& options,
                                                double beta, double entropy_bonus, const UpdateContext& context) {
  const int64_t steps = options.segment_steps();
  const bool clipped = options.objective() == v1::CLIPPED_RATIO;
  const double clip = options.clipped_ratio().clip();
  const SegmentBatch segments{CutIntoSegments(episodes, steps),
                              SegmentStarts(*actor.model, actor.parameters, episodes, steps)};
  const PolicySamples cut = CutSamples(samples, steps);
  const int64_t count = cut.advantage.size(1);
  const StepOptions step_options{options.adam(), options.policy().gradient_clip_norm()};
  const std::vector<std::vector<PlannedStep>> epochs = PlanSteps({.segments = count,
                                                                  .minibatch = options.policy().minibatch_segments(),
                                                                  .epochs = options.policy().epochs(),
                                                                  .seed = context.seed,
                                                                  .purpose = rng::Purpose::kPolicyShuffle,
                                                                  .update = context.update,
                                                                  .adam = options.adam(),
                                                                  .rate = context.rate,
                                                                  .adam_steps_before = actor.adam.steps},
                                                                 actor.parameters.device());

  std::vector<at::Tensor> clipped_samples;  // of each group of the epoch
  const auto loss_of = [&](const at::Tensor& output, const at::Tensor& index) {
    const Policy policy = PolicyOf(output, actor.spec);
    const PolicySamples some = SelectSamples(cut, index);
    at::Tensor loss;
    if (clipped) {
      loss = ClippedRatioLoss(some, policy, clip);
      const Policy detached = policy.Map([](const at::Tensor& tensor) { return tensor.detach(); });
      clipped_samples.push_back(IsClipped(some, detached, clip).sum());
    } else {
      loss = KlPenaltyLoss(some, policy, options.kl_penalty(), beta);
    }
    return entropy_bonus == 0 ? loss : loss - entropy_bonus * Entropy(policy);
  };

  EpochLoss loss;
  for (uint32_t epoch = 0; epoch < epochs.size(); ++epoch) {
    loss = {};
    clipped_samples.clear();
    for (uint32_t number = 0; number < epochs[epoch].size(); ++number) {
      if (absl::Status status = CheckNotStopped(context); !status.ok()) return status;
      const StepResult step = DescendOnce(actor, segments, epochs[epoch][number], step_options, loss_of);
      loss.Add(step, epochs[epoch][number].size());
      TellStep(context, OptimiserStep::Network::kPolicy, epoch, number, step, actor.parameters);
    }
  }
  const EpisodePass after = RunEpisodes(*actor.model, actor.parameters, episodes, steps);
  const Policy policy = PolicyOf(after.output, actor.spec);

  std::vector<at::Tensor> scalars = clipped_samples;
  scalars.push_back(Mean(KlDivergence(samples.kl_origin(), policy)));
  scalars.push_back(Mean(Entropy(policy)));
  PolicyUpdateResult result;
  std::vector<double> read = loss.ReadWith(scalars, result.loss, result.gradient_norm);
  result.entropy = read.back();
  read.pop_back();
  result.kl = read.back();
  read.pop_back();
  result.clip_fraction = clipped ? std::accumulate(read.begin(), read.end(), 0.0) / static_cast<double>(count * steps)
                                 : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace nmn::ppo
