#include "learner/ppo/trainer.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/env/environment.h"
#include "common/failpoint/failpoint.h"
#include "common/nn/denormals.h"
#include "learner/bptt/thread_pool.h"
#include "learner/ppo/advantages.h"
#include "learner/ppo/critic_replay.h"
#include "learner/ppo/critic_update.h"
#include "learner/ppo/device.h"
#include "learner/ppo/episode_inputs.h"
#include "learner/ppo/policy_update.h"
#include "learner/ppo/schedules.h"
#include "learner/ppo/torch_guard.h"
#include "learner/ppo/trainer_state.h"
#include "learner/ppo/twin_network.h"
#include "learner/ppo/unrolled_network.h"
#include "learner/ppo/v_trace.h"

namespace nmn::ppo {
namespace {

constexpr double kMeansNothing = std::numeric_limits<double>::quiet_NaN();

// Seconds since the last call, or since construction.
class Stopwatch {
 public:
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

View2 ViewOf(const at::Tensor& tensor) {
  return View2(tensor.data_ptr<float>(), static_cast<size_t>(tensor.size(0)), static_cast<size_t>(tensor.size(1)));
}

bool IsFinite(const at::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); }

// Everything an update may change; tensors inside are copies or are never changed in place.
struct Everything {
  LearnedNetwork::Snapshot actor;
  LearnedNetwork::Snapshot critic;
  CriticReplay replay;
  v1::TrainerScalars scalars;
};

class TorchTrainer : public Trainer {
 public:
  TorchTrainer(v1::RunConfig config, at::Device device, std::shared_ptr<bptt::ThreadPool> pool, LearnedNetwork actor,
               LearnedNetwork critic, StepObserver on_step)
      : config_(std::move(config)),
        device_(device),
        pool_(std::move(pool)),
        actor_(std::move(actor)),
        critic_(std::move(critic)),
        on_step_(std::move(on_step)) {
    scalars_.set_beta(config_.ppo().kl_penalty().beta_initial());
    scalars_.set_rate_multiplier(1.0);
  }

  absl::StatusOr<UpdateReport> Update(uint32_t update, const TrajectoryBatch& batch, const std::atomic<bool>* stop,
                                      const std::function<void()>& policy_ready) override;
  std::vector<float> ActorParameters() const override;
  TrainerState Save() const override;
  absl::Status Restore(const TrainerState& state) override;

 private:
  // What the actors' record becomes: both networks' inputs and the critic's view of the episodes.
  struct Collected {
    Sequences kept;         // [T', .., episode] on the device
    Policy before;          // ASYNC: the policy before the update [T', episode] on the device; SYNC: undefined
    at::Tensor advantages;  // normalised [T', episode] on the CPU
    at::Tensor returns;     // [T', episode] on the CPU
    double explained_variance = 0;
  };

  absl::Status CheckShape(const TrajectoryBatch& batch) const;
  absl::StatusOr<UpdateReport> UpdateOrLeaveHalfDone(uint32_t update, const TrajectoryBatch& batch,
                                                     const std::atomic<bool>* stop,
                                                     const std::function<void()>& policy_ready);
  absl::StatusOr<Collected> Collect(const TrajectoryBatch& batch);
  absl::Status ImprovePolicy(const TrajectoryBatch& batch, const Collected& collected, const UpdateContext& context,
                             UpdateReport& report);
  // Touches nothing that ImprovePolicy does.
  absl::StatusOr<CriticUpdateResult> ImproveCritic(const Collected& collected, const UpdateContext& context);
  absl::Status CheckFinite(double critic_loss) const;
  Everything Take() const { return {actor_.Take(), critic_.Take(), replay_, scalars_}; }
  void Return(const Everything& before);
  absl::Status RestoreAll(const TrainerState& state);
  Sequences ToDevice(const Sequences& s) const { return {s.recurrent_input.to(device_), s.main_input.to(device_)}; }
  // The first `steps` steps of a field of the record, [time, episode] or [time, width, episode] on the device.
  at::Tensor Recorded(const TrajectoryBatch& batch, v1::Field field, int64_t steps) const {
    return ToTensor(batch, field).narrow(0, 0, steps).to(device_);
  }
  // The policy that acted, likewise.
  Policy RecordedPolicy(const TrajectoryBatch& batch, int64_t steps) const {
    Policy policy{MakePolicyHead(actor_.spec.options), {}};
    for (const nn::ParameterField& field : actor_.spec.head->fields())
      policy.parameters.push_back(Recorded(batch, field.id, steps));
    return policy;
  }

  v1::RunConfig config_;
  at::Device device_;
  std::shared_ptr<bptt::ThreadPool> pool_;  // of both networks' hand-written loops; null with LibTorch's operators
  LearnedNetwork actor_;
  LearnedNetwork critic_;
  const StepObserver on_step_;
  CriticReplay replay_;
  v1::TrainerScalars scalars_;  // without the Adam steps and the replay's size, which are filled in by Save
};

absl::Status TorchTrainer::CheckShape(const TrajectoryBatch& batch) const {
  const v1::PpoOptions& ppo = config_.ppo();
  const uint32_t observation_size = actor_.spec.observation_size;
  const trajectory::TrajectoryLayout layout =
      trajectory::TrajectoryLayout::OfNetwork(observation_size, *actor_.spec.head);
  const ConstView3 x = batch.layout().fields().empty() ? ConstView3() : batch.observation();
  bool fits = x.planes >= ppo.kept_steps() && batch.layout() == layout;
  for (size_t f = 0; fits && f < layout.fields().size(); ++f) {
    const ConstView3 array = batch.array(f);
    fits = array.planes == x.planes && array.rows == layout.fields()[f].width &&
           array.columns == ppo.episodes_per_update();
  }
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a batch whose observations are [", x.planes, ", ", x.rows, ", ",
                                                 x.columns, "]; this run needs at least ", ppo.kept_steps(),
                                                 " steps of ", observation_size, " numbers for ",
                                                 ppo.episodes_per_update(), " episodes in every array"));
}

absl::StatusOr<UpdateReport> TorchTrainer::Update(uint32_t update, const TrajectoryBatch& batch,
                                                  const std::atomic<bool>* stop,
                                                  const std::function<void()>& policy_ready) {
  if (absl::Status status = CheckShape(batch); !status.ok()) return status;
  return Guarded([&]() -> absl::StatusOr<UpdateReport> {
    PinNumerics();
    const nn::ScopedFlushDenormals flush;
    const Everything before = Take();
    absl::StatusOr<UpdateReport> report =
        Guarded([&] { return UpdateOrLeaveHalfDone(update, batch, stop, policy_ready); });
    if (!report.ok()) Return(before);
    return report;
  });
}

absl::StatusOr<UpdateReport> TorchTrainer::UpdateOrLeaveHalfDone(uint32_t update, const TrajectoryBatch& batch,
                                                                 const std::atomic<bool>* stop,
                                                                 const std::function<void()>& policy_ready) {
  UpdateReport report;
  Stopwatch watch;
  const absl::StatusOr<Collected> collected = Collect(batch);
  if (!collected.ok()) return collected.status();
  report.explained_variance = collected->explained_variance;
  report.phase_seconds["advantages"] = watch.Lap();

  const double factor = RateFactor(config_.ppo(), update);
  UpdateContext policy_context{.seed = config_.seed(), .update = update, .stop = stop, .on_step = on_step_};
  policy_context.rate = config_.ppo().policy().learning_rate() * scalars_.rate_multiplier() * factor;
  UpdateContext critic_context = policy_context;
  critic_context.rate = config_.ppo().critic().learning_rate() * factor;

  absl::StatusOr<CriticUpdateResult> critic = absl::UnknownError("not run");
  double critic_seconds = 0;
  const auto learn_critic = [&] {
    Stopwatch critic_watch;
    critic = Guarded([&] { return ImproveCritic(*collected, critic_context); });
    critic_seconds = critic_watch.Lap();
  };
  const bool side_by_side = pool_ != nullptr && pool_->threads() > 1;
  {
    std::jthread beside;
    if (side_by_side) {
      beside = std::jthread([&] {
        const bptt::ThreadPool::Seat seat(*pool_);
        PinNumerics();
        const nn::ScopedFlushDenormals flush;
        learn_critic();
      });
    }
    if (absl::Status status = ImprovePolicy(batch, *collected, policy_context, report); !status.ok()) return status;
    report.phase_seconds["policy"] = watch.Lap();
    if (policy_ready != nullptr) policy_ready();
    if (side_by_side) {
      const bptt::ThreadPool::Absence absence(*pool_);
      beside.join();
    } else {
      learn_critic();
    }
  }
  if (!critic.ok()) return critic.status();
  if (!failpoint::Hit(failpoint::Point::kUpdatePoison).ok())
    critic_.parameters.detach().select(0, 0).fill_(std::numeric_limits<double>::quiet_NaN());
  if (absl::Status status = CheckFinite(critic->loss); !status.ok()) return status;
  report.critic_loss = critic->loss;
  report.critic_gradient_norm = critic->gradient_norm;
  report.critic_learning_rate = critic_context.rate;
  report.phase_seconds["critic"] = critic_seconds;
  return report;
}

absl::StatusOr<TorchTrainer::Collected> TorchTrainer::Collect(const TrajectoryBatch& batch) {
  const v1::PpoOptions& ppo = config_.ppo();
  const size_t valued = ppo.valued_steps() == 0 ? batch.steps() : ppo.valued_steps();
  const Sequences episodes = ToDevice(EpisodeInputs(config_.network().architecture(), batch.FirstSteps(valued)));
  const at::Tensor values = RunEpisodes(*critic_.model, critic_.parameters, episodes, ppo.segment_steps())
                                .output.select(1, 0)
                                .cpu()
                                .contiguous();
  const at::Tensor all_rewards = ToTensor(batch.reward()) * (1.0 - ppo.discount());
  FoldLaterRewards(static_cast<float>(ppo.discount()), valued, ViewOf(all_rewards));
  const at::Tensor rewards = all_rewards.narrow(0, 0, static_cast<int64_t>(valued));
  const at::Tensor advantages = at::empty_like(rewards);
  const at::Tensor returns = at::empty_like(rewards);
  const AdvantageOptions estimate{.discount = static_cast<float>(ppo.discount()),
                                  .trace_decay = static_cast<float>(ppo.trace_decay())};
  EstimateAdvantages(estimate, ViewOf(rewards), ViewOf(values), ViewOf(advantages), ViewOf(returns));

  at::Tensor lambda_returns = advantages + values;

  Collected collected;
  if (config_.mode() == v1::ASYNC) {
    const Policy before = PolicyOf(RunEpisodes(*actor_.model, actor_.parameters, episodes, ppo.segment_steps()).output,
                                   actor_.spec.options);
    collected.before = before.Map([&](const at::Tensor& whole) { return whole.narrow(0, 0, ppo.kept_steps()); });
    if (config_.async().v_trace()) {
      const auto steps = static_cast<int64_t>(valued);
      const PolicySamples samples{Recorded(batch, v1::RAW_ACTION, steps), {}, RecordedPolicy(batch, steps), {}};
      const at::Tensor ratios = ProbabilityRatio(samples, before).cpu().contiguous();
      EstimateVTrace(estimate, ViewOf(rewards), ViewOf(values), ViewOf(ratios), ViewOf(advantages),
                     ViewOf(lambda_returns));
    }
  }
  const at::Tensor targets = ppo.critic().target() == v1::LAMBDA_RETURN ? lambda_returns : returns;
  collected.kept = FirstSteps(episodes, ppo.kept_steps());
  collected.advantages = advantages.narrow(0, 0, ppo.kept_steps());
  NormaliseAdvantages(ViewOf(collected.advantages));
  collected.returns = targets.narrow(0, 0, ppo.kept_steps());
  collected.explained_variance = ExplainedVariance(ViewOf(returns), ViewOf(values), ppo.kept_steps());
  if (!IsFinite(collected.advantages) || !IsFinite(collected.returns)) {
    return absl::DataLossError("an advantage is not finite; both networks are as before the update");
  }
  return collected;
}

absl::Status TorchTrainer::ImprovePolicy(const TrajectoryBatch& batch, const Collected& collected,
                                         const UpdateContext& context, UpdateReport& report) {
  const v1::PpoOptions& ppo = config_.ppo();
  const bool clipped = ppo.objective() == v1::CLIPPED_RATIO;
  const LearnedNetwork::Snapshot before = actor_.Take();
  const int64_t kept = ppo.kept_steps();
  const PolicySamples samples{Recorded(batch, v1::RAW_ACTION, kept), collected.advantages.to(device_),
                              RecordedPolicy(batch, kept), collected.before};
  const absl::StatusOr<PolicyUpdateResult> result =
      UpdatePolicy(actor_, collected.kept, samples, ppo, scalars_.beta(), EntropyBonus(ppo, context.update), context);
  if (!result.ok()) return result.status();

  const KlDecision next =
      clipped ? DecideClippedRatio(ppo.clipped_ratio(), KlTarget(ppo, context.update), result->kl, scalars_.beta(),
                                   scalars_.rate_multiplier())
              : DecideKlPenalty(ppo.kl_penalty(), result->kl, scalars_.beta(), scalars_.rate_multiplier());
  scalars_.set_beta(next.beta);
  scalars_.set_rate_multiplier(next.rate_multiplier);
  scalars_.set_consecutive_reverts(next.revert ? scalars_.consecutive_reverts() + 1 : 0);
  if (next.revert) {
    actor_.Return(before);
    scalars_.set_total_reverts(scalars_.total_reverts() + 1);
    if (scalars_.consecutive_reverts() >= config_.work().max_consecutive_reverts()) {
      return absl::AbortedError(absl::StrCat("training has diverged: ", scalars_.consecutive_reverts(),
                                             " policy updates were reverted in a row (the last mean KL was ",
                                             result->kl, ")"));
    }
  }
  report.policy_loss = result->loss;
  report.kl = result->kl;
  report.reverted = next.revert;
  report.beta = clipped ? kMeansNothing : next.beta;
  report.rate_multiplier = next.rate_multiplier;
  report.policy_learning_rate = context.rate;
  report.entropy = result->entropy;
  report.mean_deviation = samples.old.head->MeanDeviation(samples.old.parameters);
  report.clip_fraction = result->clip_fraction;
  report.policy_gradient_norm = result->gradient_norm;
  return absl::OkStatus();
}

absl::StatusOr<CriticUpdateResult> TorchTrainer::ImproveCritic(const Collected& collected,
                                                               const UpdateContext& context) {
  replay_.Add(collected.kept, collected.returns.to(device_), config_.ppo().critic().replay_episodes());
  return UpdateCritic(critic_, replay_, config_.ppo(), context);
}

absl::Status TorchTrainer::CheckFinite(double critic_loss) const {
  if (std::isfinite(critic_loss) && critic_.IsFinite() && actor_.IsFinite()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(!actor_.IsFinite()    ? "an actor parameter"
                                          : !critic_.IsFinite() ? "a critic parameter"
                                                                : "the critic's loss",
                                          " is not finite; both networks are as before the update"));
}

void TorchTrainer::Return(const Everything& before) {
  actor_.Return(before.actor);
  critic_.Return(before.critic);
  replay_ = before.replay;
  scalars_ = before.scalars;
}

std::vector<float> TorchTrainer::ActorParameters() const {
  const at::Tensor host = actor_.parameters.detach().cpu();
  const float* data = host.data_ptr<float>();
  return std::vector<float>(data, data + host.numel());
}

TrainerState TorchTrainer::Save() const {
  TrainerState state;
  AppendWeights("actor", actor_, state.weights);
  AppendWeights("critic", critic_, state.weights);
  AppendOptimizer("actor", actor_, state.optimizer);
  AppendOptimizer("critic", critic_, state.optimizer);
  AppendReplay(replay_, state.optimizer);
  state.scalars = scalars_;
  state.scalars.set_policy_adam_steps(actor_.adam.steps);
  state.scalars.set_critic_adam_steps(critic_.adam.steps);
  state.scalars.set_replay_episodes(static_cast<uint32_t>(replay_.size()));
  return state;
}

absl::Status TorchTrainer::Restore(const TrainerState& state) {
  return Guarded([&]() -> absl::Status {
    const Everything before = Take();
    absl::Status status = Guarded([&] { return RestoreAll(state); });
    if (!status.ok()) Return(before);
    return status;
  });
}

absl::Status TorchTrainer::RestoreAll(const TrainerState& state) {
  StateReader weights(state.weights);
  StateReader optimizer(state.optimizer);
  const std::pair<const char*, LearnedNetwork*> roles[] = {{"actor", &actor_}, {"critic", &critic_}};
  for (const auto& [role, network] : roles) {
    std::vector<float> flat;
    if (absl::Status status = weights.ReadWeights(role, network->spec, flat); !status.ok()) return status;
    network->parameters = ParameterLeaf(flat, device_);
    const std::vector<int64_t> shape = {static_cast<int64_t>(network->spec.parameter_count)};
    for (const auto& [name, moment] : {std::pair{"first_moment", &network->adam.first_moment},
                                       std::pair{"second_moment", &network->adam.second_moment}}) {
      absl::Status status = optimizer.Read(absl::StrCat(role, ".adam.", name), shape, *moment);
      if (!status.ok()) return status;
      *moment = moment->to(device_);
    }
  }
  actor_.adam.steps = state.scalars.policy_adam_steps();
  critic_.adam.steps = state.scalars.critic_adam_steps();
  replay_ = CriticReplay{};
  if (const int64_t episodes = state.scalars.replay_episodes(); episodes > 0) {
    const int64_t steps = config_.ppo().kept_steps();
    for (const auto& [name, shape, tensor] :
         {std::tuple{"replay.recurrent_input", std::vector<int64_t>{steps, critic_.spec.recurrent_input_size, episodes},
                     &replay_.episodes.recurrent_input},
          std::tuple{"replay.main_input", std::vector<int64_t>{steps, critic_.spec.main_input_size, episodes},
                     &replay_.episodes.main_input},
          std::tuple{"replay.returns", std::vector<int64_t>{steps, episodes}, &replay_.returns}}) {
      if (absl::Status status = optimizer.Read(name, shape, *tensor); !status.ok()) return status;
      *tensor = tensor->to(device_);
    }
  }
  if (absl::Status status = weights.Finish(); !status.ok()) return status;
  if (absl::Status status = optimizer.Finish(); !status.ok()) return status;
  scalars_ = state.scalars;
  return absl::OkStatus();
}

absl::StatusOr<LearnedNetwork> FreshNetwork(const v1::RunConfig& config, nn::Role role, uint32_t observation_size,
                                            at::Device device, const std::shared_ptr<bptt::ThreadPool>& pool) {
  absl::StatusOr<nn::NetworkSpec> spec = nn::MakeNetworkSpec(config.network(), role, observation_size);
  if (!spec.ok()) return spec.status();
  LearnedNetwork network;
  if (pool != nullptr) {
    absl::StatusOr<std::unique_ptr<UnrolledNetwork>> model = UnrolledNetwork::Create(*spec, pool);
    if (!model.ok()) return model.status();
    network.model = *std::move(model);
  } else {
    network.model = std::make_unique<TwinNetwork>(*spec);
  }
  network.parameters = ParameterLeaf(nn::InitialParameters(*spec, config.seed()), device);
  network.adam = AdamState::Like(network.parameters);
  network.spec = *std::move(spec);
  return network;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const v1::RunConfig& config, const TrainerOptions& options) {
  return Guarded([&]() -> absl::StatusOr<std::unique_ptr<Trainer>> {
    const absl::StatusOr<at::Device> device = FindDevice(options.device);
    if (!device.ok()) return device.status();
    const absl::StatusOr<env::EnvironmentSpec> environment = env::FindSpec(config.benchmark());
    if (!environment.ok()) return environment.status();
    PinNumerics();
    std::shared_ptr<bptt::ThreadPool> pool;
    if (options.engine == Engine::kAuto && device->is_cpu()) {
      absl::StatusOr<std::shared_ptr<bptt::ThreadPool>> created = bptt::ThreadPool::Create(options.threads);
      if (!created.ok()) return created.status();
      pool = *std::move(created);
    }
    absl::StatusOr<LearnedNetwork> actor =
        FreshNetwork(config, nn::Role::kActor, environment->observation_size, *device, pool);
    if (!actor.ok()) return actor.status();
    absl::StatusOr<LearnedNetwork> critic =
        FreshNetwork(config, nn::Role::kCritic, environment->observation_size, *device, pool);
    if (!critic.ok()) return critic.status();
    return std::make_unique<TorchTrainer>(config, *device, std::move(pool), *std::move(actor), *std::move(critic),
                                          options.on_step);
  });
}

}  // namespace nmn::ppo
