#include "learner/ppo/trainer.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/failpoint/failpoint.h"
#include "common/nn/denormals.h"
#include "common/nn/plain_forward.h"
#include "learner/bptt/thread_pool.h"
#include "learner/ppo/collected.h"
#include "learner/ppo/critic.h"
#include "learner/ppo/critic_health.h"
#include "learner/ppo/normalizing_model.h"
#include "learner/ppo/policy.h"
#include "learner/ppo/running_statistics.h"
#include "learner/ppo/schedules.h"
#include "learner/ppo/torch_runtime.h"
#include "learner/ppo/trainer_state.h"
#include "learner/ppo/transfer.h"
#include "learner/ppo/twin_network.h"
#include "learner/ppo/unrolled_network.h"

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

// Everything an update may change; tensors inside are copies or are never changed in place.
struct Everything {
  LearnedNetwork::Snapshot actor;
  LearnedNetwork::Snapshot critic;
  CriticReplay replay;
  v1::TrainerScalars scalars;
};

class TorchTrainer : public Trainer {
 public:
  TorchTrainer(v1::RunConfig config, std::shared_ptr<bptt::ThreadPool> pool, LearnedNetwork actor,
               LearnedNetwork critic, StepObserver on_step)
      : config_(std::move(config)),
        pool_(std::move(pool)),
        actor_(std::move(actor)),
        critic_(std::move(critic)),
        on_step_(std::move(on_step)) {
    scalars_.set_beta(config_.ppo().kl_penalty().beta_initial());
    scalars_.set_rate_multiplier(1.0);
  }

  absl::StatusOr<UpdateReport> Update(uint32_t update, const TrajectoryBatch& batch, const std::stop_token& stop,
                                      const std::function<void()>& policy_ready) override;
  std::vector<float> ActorParameters() const override;
  TrainerState Save() const override;
  absl::Status Restore(const TrainerState& state) override;

 private:
  absl::StatusOr<UpdateReport> UpdateOrLeaveHalfDone(uint32_t update, const TrajectoryBatch& batch,
                                                     const std::stop_token& stop,
                                                     const std::function<void()>& policy_ready);
  absl::Status ImprovePolicy(const Collected& collected, const UpdateContext& context, UpdateReport& report);
  // Takes the policy back if its KL says so, and sets beta and the rate for the next update.
  absl::Status Steer(LearnedNetwork::Snapshot&& before, const UpdateContext& context, double kl, UpdateReport& report);
  // Touches nothing that ImprovePolicy does.
  absl::StatusOr<CriticUpdateResult> ImproveCritic(const Collected& collected, const UpdateContext& context);
  absl::Status SideBySide(const std::function<absl::Status()>& policy, const std::function<void()>& critic);
  absl::Status CheckFinite(double critic_loss) const;
  Everything Take() const { return {actor_.Take(), critic_.Take(), replay_, scalars_}; }
  void Return(Everything&& before);
  absl::Status RestoreAll(const TrainerState& state);

  v1::RunConfig config_;
  std::shared_ptr<bptt::ThreadPool> pool_;  // of both networks' hand-written loops; null with LibTorch's operators
  LearnedNetwork actor_;
  LearnedNetwork critic_;
  const StepObserver on_step_;
  CriticReplay replay_;
  v1::TrainerScalars scalars_;  // without the Adam steps and the replay's size, which are filled in by Save
};

absl::StatusOr<UpdateReport> TorchTrainer::Update(uint32_t update, const TrajectoryBatch& batch,
                                                  const std::stop_token& stop,
                                                  const std::function<void()>& policy_ready) {
  if (absl::Status status = CheckShape(config_, actor_, batch); !status.ok()) return status;
  return Guarded([&]() -> absl::StatusOr<UpdateReport> {
    PinNumerics();
    const nn::ScopedFlushDenormals flush;
    Everything before = Take();
    absl::StatusOr<UpdateReport> report =
        Guarded([&] { return UpdateOrLeaveHalfDone(update, batch, stop, policy_ready); });
    if (!report.ok()) Return(std::move(before));
    return report;
  });
}

absl::StatusOr<UpdateReport> TorchTrainer::UpdateOrLeaveHalfDone(uint32_t update, const TrajectoryBatch& batch,
                                                                 const std::stop_token& stop,
                                                                 const std::function<void()>& policy_ready) {
  UpdateReport report;
  Stopwatch watch;
  actor_.spec.options.set_min_log_variance(config::MinLogVariance(config_, update));
  const absl::StatusOr<Collected> collected = Collect(config_, actor_, critic_, batch);
  if (!collected.ok()) return collected.status();
  report.explained_variance = collected->explained_variance;
  scalars_.set_critic_blind_updates(CountBlind(scalars_.critic_blind_updates(), report.explained_variance));
  report.critic_blind_updates = scalars_.critic_blind_updates();
  if (config_.normalize().observation() || config_.normalize().reward())
    AddEpisodes(batch, config_.ppo().discount(), *scalars_.mutable_statistics());
  report.phase_seconds["advantages"] = watch.Lap();

  const double factor = RateFactor(config_.ppo(), update);
  UpdateContext policy_context{.seed = config_.seed(), .update = update, .stop = stop, .on_step = on_step_};
  policy_context.rate = config_.ppo().policy().learning_rate() * scalars_.rate_multiplier() * factor;
  UpdateContext critic_context = policy_context;
  critic_context.rate = config_.ppo().critic().learning_rate() * factor;

  const auto learn_policy = [&] {
    absl::Status status = ImprovePolicy(*collected, policy_context, report);
    if (!status.ok()) return status;
    WriteStatistics(scalars_.statistics(), config_.ppo().discount(), actor_);
    report.phase_seconds["policy"] = watch.Lap();
    if (policy_ready != nullptr) policy_ready();
    return status;
  };
  absl::StatusOr<CriticUpdateResult> critic = absl::UnknownError("not run");
  double critic_seconds = 0;
  const auto learn_critic = [&] {
    Stopwatch critic_watch;
    critic = Guarded([&] { return ImproveCritic(*collected, critic_context); });
    critic_seconds = critic_watch.Lap();
  };
  if (absl::Status status = SideBySide(learn_policy, learn_critic); !status.ok()) return status;
  if (!critic.ok()) return critic.status();
  WriteStatistics(scalars_.statistics(), config_.ppo().discount(), critic_);
  if (!failpoint::Hit(failpoint::Point::kUpdatePoison).ok())
    critic_.parameters.detach().select(0, 0).fill_(std::numeric_limits<double>::quiet_NaN());
  if (absl::Status status = CheckFinite(critic->loss); !status.ok()) return status;
  report.critic_loss = critic->loss;
  report.critic_gradient_norm = critic->gradient_norm;
  report.critic_learning_rate = critic_context.rate;
  report.phase_seconds["critic"] = critic_seconds;
  return report;
}

// Runs `policy` here. Runs `critic` on a thread of its own if there are threads for both, else after `policy`.
absl::Status TorchTrainer::SideBySide(const std::function<absl::Status()>& policy,
                                      const std::function<void()>& critic) {
  std::jthread beside;
  if (pool_ != nullptr && pool_->threads() > 1) {
    beside = std::jthread([&] {
      const bptt::ThreadPool::Seat seat(*pool_);
      PinNumerics();
      const nn::ScopedFlushDenormals flush;
      critic();
    });
  }
  if (absl::Status status = policy(); !status.ok()) return status;
  if (beside.joinable()) {
    const bptt::ThreadPool::Absence absence(*pool_);
    beside.join();
  } else {
    critic();
  }
  return absl::OkStatus();
}

absl::Status TorchTrainer::ImprovePolicy(const Collected& collected, const UpdateContext& context,
                                         UpdateReport& report) {
  const v1::PpoOptions& ppo = config_.ppo();
  LearnedNetwork::Snapshot before = actor_.Take();
  const absl::StatusOr<PolicyUpdateResult> result = UpdatePolicy(
      actor_, collected.episodes, collected.samples, ppo, scalars_.beta(), EntropyBonus(ppo, context.update), context);
  if (!result.ok()) return result.status();
  report.policy_loss = result->loss;
  report.policy_learning_rate = context.rate;
  report.entropy = result->entropy;
  report.mean_deviation = MeanDeviation(collected.samples.old);
  report.clip_fraction = result->clip_fraction;
  report.policy_gradient_norm = result->gradient_norm;
  return Steer(std::move(before), context, result->kl, report);
}

absl::Status TorchTrainer::Steer(LearnedNetwork::Snapshot&& before, const UpdateContext& context, double kl,
                                 UpdateReport& report) {
  const v1::PpoOptions& ppo = config_.ppo();
  const bool clipped = ppo.objective() == v1::CLIPPED_RATIO;
  const KlDecision next = clipped ? DecideClippedRatio(ppo.clipped_ratio(), KlTarget(ppo, context.update), kl,
                                                       scalars_.beta(), scalars_.rate_multiplier())
                                  : DecideKlPenalty(ppo.kl_penalty(), kl, scalars_.beta(), scalars_.rate_multiplier());
  scalars_.set_beta(next.beta);
  scalars_.set_rate_multiplier(next.rate_multiplier);
  scalars_.set_consecutive_reverts(next.revert ? scalars_.consecutive_reverts() + 1 : 0);
  report.kl = kl;
  report.reverted = next.revert;
  report.beta = clipped ? kMeansNothing : next.beta;
  report.rate_multiplier = next.rate_multiplier;
  if (!next.revert) return absl::OkStatus();
  actor_.Return(std::move(before));
  scalars_.set_total_reverts(scalars_.total_reverts() + 1);
  if (scalars_.consecutive_reverts() < config_.work().max_consecutive_reverts()) return absl::OkStatus();
  // In these words also of one: nmn replay compares them with those that an older program recorded.
  return absl::AbortedError(absl::StrCat("training has diverged: ", scalars_.consecutive_reverts(),
                                         " policy updates were reverted in a row (the last mean KL was ", kl, ")"));
}

absl::StatusOr<CriticUpdateResult> TorchTrainer::ImproveCritic(const Collected& collected,
                                                               const UpdateContext& context) {
  replay_.Add(collected.episodes, collected.returns, config_.ppo().critic().replay_episodes());
  return UpdateCritic(critic_, replay_, config_.ppo(), context);
}

absl::Status TorchTrainer::CheckFinite(double critic_loss) const {
  if (std::isfinite(critic_loss) && critic_.IsFinite() && actor_.IsFinite()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(!actor_.IsFinite()    ? "an actor parameter"
                                          : !critic_.IsFinite() ? "a critic parameter"
                                                                : "the critic's loss",
                                          " is not finite; both networks are as before the update"));
}

void TorchTrainer::Return(Everything&& before) {
  actor_.Return(std::move(before.actor));
  critic_.Return(std::move(before.critic));
  replay_ = std::move(before.replay);
  scalars_ = std::move(before.scalars);
}

std::vector<float> TorchTrainer::ActorParameters() const {
  const at::Tensor host = ToHost(actor_.parameters);
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
    Everything before = Take();
    absl::Status status = Guarded([&] { return RestoreAll(state); });
    if (!status.ok()) Return(std::move(before));
    return status;
  });
}

absl::Status TorchTrainer::RestoreAll(const TrainerState& state) {
  StateReader weights(state.weights);
  StateReader optimizer(state.optimizer);
  if (absl::Status status = ReadNetwork("actor", weights, optimizer, actor_); !status.ok()) return status;
  if (absl::Status status = ReadNetwork("critic", weights, optimizer, critic_); !status.ok()) return status;
  actor_.adam.steps = state.scalars.policy_adam_steps();
  critic_.adam.steps = state.scalars.critic_adam_steps();
  absl::Status status =
      ReadReplay(critic_, config_.ppo().kept_steps(), state.scalars.replay_episodes(), optimizer, replay_);
  if (!status.ok()) return status;
  if (status = weights.Finish(); !status.ok()) return status;
  if (status = optimizer.Finish(); !status.ok()) return status;
  scalars_ = state.scalars;
  return absl::OkStatus();
}

absl::StatusOr<LearnedNetwork> FreshNetwork(const v1::RunConfig& config, nn::Role role, at::Device device,
                                            const std::shared_ptr<bptt::ThreadPool>& pool) {
  absl::StatusOr<nn::NetworkSpec> spec = nn::MakeNetworkSpec(config, role);
  if (!spec.ok()) return spec.status();
  LearnedNetwork network;
  if (pool != nullptr && !nn::NeedsPlainCode(spec->options)) {
    absl::StatusOr<std::unique_ptr<UnrolledNetwork>> model = UnrolledNetwork::Create(*spec, pool);
    if (!model.ok()) return model.status();
    network.model = *std::move(model);
  } else {
    network.model = std::make_unique<TwinNetwork>(*spec);
  }
  network.model = Normalizing(*spec, std::move(network.model));
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
    PinNumerics();
    std::shared_ptr<bptt::ThreadPool> pool;
    if (options.engine == Engine::kAuto && device->is_cpu()) {
      absl::StatusOr<std::shared_ptr<bptt::ThreadPool>> created = bptt::ThreadPool::Create(options.threads);
      if (!created.ok()) return created.status();
      pool = *std::move(created);
    }
    absl::StatusOr<LearnedNetwork> actor = FreshNetwork(config, nn::Role::kActor, *device, pool);
    if (!actor.ok()) return actor.status();
    absl::StatusOr<LearnedNetwork> critic = FreshNetwork(config, nn::Role::kCritic, *device, pool);
    if (!critic.ok()) return critic.status();
    v1::RunConfig whole = config;  // its numbers of steps written out
    whole.mutable_ppo()->set_kept_steps(config::KeptSteps(config));
    whole.mutable_ppo()->set_segment_steps(config::SegmentSteps(config));
    return std::make_unique<TorchTrainer>(whole, std::move(pool), *std::move(actor), *std::move(critic),
                                          options.on_step);
  });
}

}  // namespace nmn::ppo
