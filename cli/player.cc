#include "cli/player.h"

#include <utility>

#include "cli/scripted/scripted_policy.h"

namespace nmn::cli {
namespace {

class RulePlayer final : public play::Player {
 public:
  RulePlayer(std::unique_ptr<env::BatchedEnvironment> environment, std::unique_ptr<scripted::ScriptedPolicy> policy,
             uint64_t seed)
      : environment_(std::move(environment)),
        policy_(std::move(policy)),
        seed_(seed),
        record_(trajectory::TrajectoryLayout::OfRule(environment_->spec().observation_size, environment_->spec().action,
                                                     trajectory::TrialFieldsOf(environment_->spec())),
                environment_->horizon() + 1, environment_->max_lanes()) {}

  absl::StatusOr<play::PlayedBatch> Play(uint32_t first_episode, size_t lanes, play::StepObserver* observer) override {
    const uint32_t horizon = environment_->horizon();
    const env::BatchKey key = play::EvaluationKey(seed_, first_episode);
    const View3 observation = record_.Of(v1::OBSERVATION, lanes);
    const View3 raw_action = record_.Of(v1::RAW_ACTION, lanes);
    const View3 action = record_.Of(v1::ACTION, lanes);
    const View2 reward = record_.Scalar(v1::REWARD, lanes);
    environment_->Reset(key, observation.plane(0));
    if (absl::Status status = environment_->status(); !status.ok()) return status;
    policy_->Reset(key, lanes);
    for (uint32_t t = 0; t < horizon; ++t) {
      // At t = 0 nothing was fed back yet and the rule does not read it.
      const uint32_t previous = t == 0 ? 0 : t - 1;
      policy_->Act(*environment_, t, observation.plane(t), action.plane(previous), reward.row(previous),
                   raw_action.plane(t));
      if (observer != nullptr) observer->OnStep(t, *environment_, nullptr);
      environment_->Step(raw_action.plane(t), record_.ResultOf(t, lanes));
      if (absl::Status status = environment_->status(); !status.ok()) return status;
    }
    play::PlayedBatch batch{.trajectories = record_.Batch(horizon, lanes), .measures = {}};
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
  trajectory::TrajectoryArrays record_;  // of one step more: its observation is displayed to nobody
};

}  // namespace

absl::StatusOr<std::unique_ptr<play::Player>> MakePlayer(const PolicyChoice& choice, const PolicyFlags& flags,
                                                         size_t max_lanes) {
  if (choice.network.has_value()) {
    return play::MakeNetworkPlayer(choice.config, choice.network->actor, flags.seed,
                                   flags.use_mean ? 0.0f : static_cast<float>(flags.temperature.value_or(1)),
                                   max_lanes);
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
