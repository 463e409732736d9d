#include "learner/ppo/collected.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"
#include "common/text/counted.h"
#include "learner/ppo/advantages.h"
#include "learner/ppo/final_values.h"
#include "learner/ppo/normalizing_model.h"
#include "learner/ppo/transfer.h"

namespace nmn::ppo {
namespace {

using trajectory::TrajectoryBatch;

View2 ViewOf(const at::Tensor& tensor) {
  return View2(tensor.data_ptr<float>(), static_cast<size_t>(tensor.size(0)), static_cast<size_t>(tensor.size(1)));
}

bool IsFinite(const at::Tensor& tensor) { return ReadScalars({at::isfinite(tensor).all()})[0] != 0; }

// The first steps of a field of the record, [time, episode] or [time, width, episode].
at::Tensor Recorded(const TrajectoryBatch& batch, v1::Field field, int64_t steps, at::Device device) {
  return ToDevice(ToTensor(batch, field).narrow(0, 0, steps), device);
}

// Actions and the policy that played them, likewise.
PolicySamples Played(const nn::NetworkSpec& spec, const TrajectoryBatch& batch, int64_t steps, at::Device device) {
  PolicySamples played{
      Recorded(batch, v1::RAW_ACTION, steps, device), {}, {MakePolicyHead(spec.action, spec.options), {}}, {}};
  for (const nn::ParameterField& field : spec.head->fields())
    played.old.parameters.push_back(Recorded(batch, field.id, steps, device));
  return played;
}

at::Tensor OutputOver(const LearnedNetwork& network, const Sequences& episodes, int64_t segment_steps) {
  return RunEpisodes(*network.model, network.parameters, episodes, segment_steps).output;
}

}  // namespace

absl::Status CheckShape(const v1::RunConfig& config, const LearnedNetwork& actor, const TrajectoryBatch& batch) {
  const v1::PpoOptions& options = config.ppo();
  const uint32_t observation_size = actor.spec.observation_size;
  const auto layout =
      trajectory::TrajectoryLayout::OfNetwork(observation_size, *actor.spec.head, trajectory::TrialFieldsOf(config));
  const ConstView3 x = batch.layout().fields().empty() ? ConstView3() : batch.observation();
  bool fits = x.planes >= options.kept_steps() && batch.layout() == layout;
  for (size_t f = 0; fits && f < layout.fields().size(); ++f) {
    const ConstView3 array = batch.array(f);
    fits = array.planes == x.planes && array.rows == layout.fields()[f].width &&
           array.columns == options.episodes_per_update();
  }
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a batch whose observations are [", x.planes, ", ", x.rows, ", ", x.columns, "]; this run needs at least ",
      text::Counted(options.kept_steps(), "step"), " of ", text::Counted(observation_size, "number"), " for ",
      text::Counted(options.episodes_per_update(), "episode"), " in every array"));
}

absl::StatusOr<Collected> Collect(const v1::RunConfig& config, const LearnedNetwork& actor,
                                  const LearnedNetwork& critic, const TrajectoryBatch& batch) {
  const v1::PpoOptions& ppo = config.ppo();
  const at::Device device = actor.parameters.device();
  const size_t valued_steps = ppo.valued_steps() == 0 ? batch.steps() : ppo.valued_steps();
  const auto valued = static_cast<int64_t>(valued_steps);
  const int64_t kept = ppo.kept_steps();
  const Sequences episodes = EpisodeInputs(actor.spec, batch.FirstSteps(valued_steps)).To(device);
  const at::Tensor values = ToHost(OutputOver(critic, episodes, ppo.segment_steps()).select(1, 0));
  at::Tensor all_rewards = ToTensor(batch, v1::REWARD) * (1.0 - ppo.discount());
  at::Tensor return_scale;
  if (critic.spec.normalizes_reward) {
    return_scale = Statistic(critic.spec, critic.parameters, nn::kReturnScale).clone();
    all_rewards = all_rewards / ToHost(return_scale);
  }
  FoldLaterRewards(static_cast<float>(ppo.discount()), valued_steps, ViewOf(all_rewards));
  const at::Tensor rewards = all_rewards.narrow(0, 0, valued);
  const at::Tensor advantages = at::empty_like(rewards);
  const at::Tensor returns = at::empty_like(rewards);
  const AdvantageOptions estimate{.discount = static_cast<float>(ppo.discount()),
                                  .trace_decay = static_cast<float>(ppo.trace_decay())};
  at::Tensor final_values;
  TrialCuts cuts;
  if (batch.layout().Has(v1::FINAL_OBSERVATION)) {
    final_values = FinalValues(critic, batch);
    cuts = {batch.Scalar(v1::TRIAL_END), ViewOf(final_values)};
  }
  EstimateAdvantages(estimate, ViewOf(rewards), ViewOf(values), ViewOf(advantages), ViewOf(returns), cuts);
  at::Tensor lambda_returns = advantages + values;

  const bool v_trace = config.mode() == v1::ASYNC && config.async().v_trace();
  const PolicySamples played = Played(actor.spec, batch, v_trace ? valued : kept, device);
  const auto first_kept = [kept](const at::Tensor& whole) { return whole.narrow(0, 0, kept); };
  Collected collected;
  collected.samples.raw_action = first_kept(played.raw_action);
  collected.samples.old = played.old.Map(first_kept);
  if (config.mode() == v1::ASYNC) {
    const Policy before = PolicyOf(OutputOver(actor, episodes, ppo.segment_steps()), actor.spec);
    collected.samples.before = before.Map(first_kept);
    if (v_trace) {
      const at::Tensor ratios = ToHost(ProbabilityRatio(played, before));
      EstimateVTrace(estimate, ViewOf(rewards), ViewOf(values), ViewOf(ratios), ViewOf(advantages),
                     ViewOf(lambda_returns), cuts);
    }
  }
  const at::Tensor targets = ppo.critic().target() == v1::LAMBDA_RETURN ? lambda_returns : returns;
  const at::Tensor kept_advantages = advantages.narrow(0, 0, kept);
  const at::Tensor kept_targets = targets.narrow(0, 0, kept);
  NormaliseAdvantages(ViewOf(kept_advantages));
  if (!IsFinite(kept_advantages) || !IsFinite(kept_targets))
    return absl::DataLossError("an advantage is not finite; both networks are as before the update");
  collected.episodes = FirstSteps(episodes, kept);
  collected.samples.advantage = ToDevice(kept_advantages, device);
  collected.returns = ToDevice(kept_targets, device);
  if (return_scale.defined()) collected.returns = collected.returns * return_scale;
  collected.explained_variance = ExplainedVariance(ViewOf(returns), ViewOf(values), ppo.kept_steps());
  return collected;
}

}  // namespace nmn::ppo
