#include "cli/player.h"

#include <utility>

#include "actor/rollout.h"
#include "cli/scripted/scripted_policy.h"

namespace nmn::cli {
namespace {

env::BatchKey EvaluationKey(uint64_t seed, uint32_t first_episode) {
  return {.seed = seed, .update = 0, .first_episode = first_episode, .first_global_episode = first_episode};
}

class NetworkPlayer final : public Player {
 public:
  NetworkPlayer(std::unique_ptr<actor::RolloutEngine> engine, uint64_t seed, bool use_mean)
      : engine_(std::move(engine)), seed_(seed), use_mean_(use_mean) {}

  absl::StatusOr<PlayedBatch> Play(uint32_t first_episode, size_t lanes, StepObserver* observer) override {
    Forwarder forwarder(observer);
    absl::StatusOr<actor::RolloutResult> result = engine_->Run(EvaluationKey(seed_, first_episode), lanes, use_mean_,
                                                               nullptr, observer == nullptr ? nullptr : &forwarder);
    if (!result.ok()) return result.status();
    return PlayedBatch{.observation = result->observation,
                       .raw_action = result->raw_action,
                       .action = result->action,
                       .reward = result->reward,
                       .mean = result->mean,
                       .log_variance = result->log_variance,
                       .measures = std::move(result->measures)};
  }

 private:
  class Forwarder final : public actor::RolloutObserver {
   public:
    explicit Forwarder(StepObserver* observer) : observer_(observer) {}
    void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward& forward) override {
      observer_->OnStep(t, environment, forward.signal());
    }

   private:
    StepObserver* observer_;
  };

  std::unique_ptr<actor::RolloutEngine> engine_;
  uint64_t seed_;
  bool use_mean_;
};

class RulePlayer final : public Player {
 public:
  RulePlayer(std::unique_ptr<env::BatchedEnvironment> environment, std::unique_ptr<scripted::ScriptedPolicy> policy,
             uint64_t seed)
      : environment_(std::move(environment)),
        policy_(std::move(policy)),
        seed_(seed),
        size_(environment_->spec().observation_size),
        observation_((environment_->horizon() + 1) * size_ * environment_->max_lanes()),
        raw_action_(environment_->horizon() * environment_->max_lanes()),
        action_(raw_action_.size()),
        reward_(raw_action_.size()) {}

  absl::StatusOr<PlayedBatch> Play(uint32_t first_episode, size_t lanes, StepObserver* observer) override {
    const uint32_t horizon = environment_->horizon();
    const env::BatchKey key = EvaluationKey(seed_, first_episode);
    // One plane more than steps: the last step's next observation is displayed to nobody.
    const View3 observation(observation_.data(), horizon + 1, size_, lanes);
    const View2 raw_action(raw_action_.data(), horizon, lanes);
    const View2 action(action_.data(), horizon, lanes);
    const View2 reward(reward_.data(), horizon, lanes);
    environment_->Reset(key, observation.plane(0));
    policy_->Reset(key, lanes);
    for (uint32_t t = 0; t < horizon; ++t) {
      // At t = 0 nothing was fed back yet and the rule does not read it.
      const uint32_t previous = t == 0 ? 0 : t - 1;
      policy_->Act(*environment_, t, observation.plane(t), action.row(previous), reward.row(previous),
                   raw_action.row(t));
      if (observer != nullptr) observer->OnStep(t, *environment_, ConstView2());
      environment_->Step(raw_action.row(t), action.row(t), reward.row(t), observation.plane(t + 1));
    }
    PlayedBatch batch{.observation = ConstView3(observation_.data(), horizon, size_, lanes),
                      .raw_action = raw_action,
                      .action = action,
                      .reward = reward,
                      .mean = {},
                      .log_variance = {},
                      .measures = {}};
    for (size_t m = 0; m < environment_->spec().measures.size(); ++m) {
      std::vector<double>& values = batch.measures.emplace_back(lanes);
      for (size_t lane = 0; lane < lanes; ++lane) values[lane] = environment_->Measure(m, lane);
    }
    return batch;
  }

 private:
  std::unique_ptr<env::BatchedEnvironment> environment_;
  std::unique_ptr<scripted::ScriptedPolicy> policy_;
  uint64_t seed_;
  uint32_t size_;
  std::vector<float> observation_;                   // [time + 1, observation_size, lane]
  std::vector<float> raw_action_, action_, reward_;  // [time, lane]
};

}  // namespace

absl::StatusOr<std::unique_ptr<Player>> MakePlayer(const PolicyChoice& choice, const PolicyFlags& flags,
                                                   size_t max_lanes) {
  if (choice.network.has_value()) {
    absl::StatusOr<std::unique_ptr<actor::RolloutEngine>> engine =
        actor::RolloutEngine::Create(choice.config, max_lanes);
    if (!engine.ok()) return engine.status();
    (*engine)->SetParameters(choice.network->actor);
    return std::make_unique<NetworkPlayer>(*std::move(engine), flags.seed, flags.use_mean);
  }
  absl::StatusOr<std::unique_ptr<env::BatchedEnvironment>> environment =
      env::MakeEnvironment(choice.config.benchmark(), choice.config.env(), max_lanes);
  if (!environment.ok()) return environment.status();
  absl::StatusOr<std::unique_ptr<scripted::ScriptedPolicy>> policy =
      scripted::MakeScriptedPolicy(choice.rule, choice.config.benchmark(), choice.config.env(), max_lanes);
  if (!policy.ok()) return policy.status();
  return std::make_unique<RulePlayer>(*std::move(environment), *std::move(policy), flags.seed);
}

}  // namespace nmn::cli
