#include "actor/rollout.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/env/interruptible.h"
#include "common/nn/denormals.h"
#include "common/trajectory/step_inputs.h"

namespace nmn::actor {
namespace {

class BatchRollout final : public RolloutEngine {
 public:
  BatchRollout(std::unique_ptr<env::BatchedEnvironment> environment, std::unique_ptr<nn::PolicyForward> forward,
               const v1::RunConfig& config)
      : config_(config),
        environment_(std::move(environment)),
        forward_(std::move(forward)),
        steps_(config::RolloutSteps(config)),
        observation_size_(environment_->spec().observation_size),
        head_(forward_->spec().head),
        sampler_(head_->MakeSampler(environment_->max_lanes())),
        record_(trajectory::TrajectoryLayout::OfNetwork(observation_size_, *head_, trajectory::TrialFieldsOf(config)),
                steps_ + 1, environment_->max_lanes()),
        policy_(head_->parameter_count() * environment_->max_lanes()),
        inputs_(forward_->spec(), environment_->max_lanes()) {}

  void SetParameters(std::span<const float> parameters, uint32_t version) override {
    forward_->SetParameters(parameters);
    if (!config_.ppo().policy().has_final_min_log_variance()) return;
    v1::NetworkOptions options = config_.network();
    options.set_min_log_variance(config::MinLogVariance(config_, version));
    forward_->SetHead(nn::MakePolicyHead(forward_->spec().action, options));
  }

  absl::StatusOr<RolloutResult> Run(const env::BatchKey& key, size_t lanes, float temperature,
                                    const std::atomic<bool>* stop, RolloutObserver* observer) override {
    if (lanes < 1 || lanes > environment_->max_lanes()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a rollout of ", lanes, " episodes; it must be from 1 to ", environment_->max_lanes()));
    }
    const nn::ScopedFlushDenormals flush;
    const View3 observation = record_.Of(v1::OBSERVATION, lanes);
    const View3 raw_action = record_.Of(v1::RAW_ACTION, lanes);
    const View2 policy(policy_.data(), head_->parameter_count(), lanes);
    const trajectory::TrajectoryBatch played = record_.Batch(steps_ + 1, lanes);

    environment_->Reset(key, observation.plane(0));
    if (absl::Status status = environment_->status(); !status.ok()) return status;
    forward_->Reset(lanes);
    for (uint32_t t = 0; t < steps_; ++t) {
      if (stop != nullptr && stop->load(std::memory_order_relaxed))
        return absl::CancelledError("the rollout was stopped");
      inputs_.Step(played, t, *forward_, policy);
      RecordPolicy(policy, t);
      const rng::StreamPosition position{key.seed, key.update, key.first_episode, t};
      if (temperature != 0 && temperature != 1) head_->Temper(policy, temperature);
      const bool finite = temperature == 0 ? sampler_->Choose(policy, raw_action.plane(t))
                                           : sampler_->Sample(position, policy, raw_action.plane(t));
      if (!finite) {
        return absl::DataLossError(
            absl::StrCat("the policy's action is not finite at step ", t, "; its weights are broken"));
      }
      if (observer != nullptr) observer->OnStep(t, *environment_, *forward_);
      environment_->Step(raw_action.plane(t), record_.ResultOf(t, lanes));
      if (absl::Status status = environment_->status(); !status.ok()) return status;
    }
    return RolloutResult{.update = key.update,
                         .first_episode = key.first_episode,
                         .trajectories = record_.Batch(steps_, lanes),
                         .measures = Measures(lanes)};
  }

  void Interrupt() override {
    if (auto* waiting = dynamic_cast<env::Interruptible*>(environment_.get())) waiting->Interrupt();
  }

 private:
  // Keeps the parameters of step t.
  void RecordPolicy(View2 policy, uint32_t t) {
    for (const nn::ParameterField& field : head_->fields()) {
      const View2 record = record_.Of(field.id, policy.columns).plane(t);
      for (uint32_t r = 0; r < field.width; ++r)
        std::copy_n(policy.row(field.first_row + r), policy.columns, record.row(r));
    }
  }

  std::vector<std::vector<double>> Measures(size_t lanes) const {
    std::vector<std::vector<double>> measures(environment_->spec().measures.size(), std::vector<double>(lanes));
    for (size_t m = 0; m < measures.size(); ++m) {
      for (size_t lane = 0; lane < lanes; ++lane) measures[m][lane] = environment_->Measure(m, lane);
    }
    return measures;
  }

  const v1::RunConfig config_;
  const std::unique_ptr<env::BatchedEnvironment> environment_;
  const std::unique_ptr<nn::PolicyForward> forward_;
  const uint32_t steps_;  // of an episode
  const uint32_t observation_size_;
  // Of the first weights; those of others differ in their bounds alone, and none of these reads them.
  const std::shared_ptr<const nn::PolicyHead> head_;
  const std::unique_ptr<nn::ActionSampler> sampler_;
  // Has one more step: the last x is displayed after the last one and is no part of the result.
  trajectory::TrajectoryArrays record_;
  std::vector<float> policy_;  // parameters of the step at hand [parameter_count, lane]
  trajectory::StepInputs inputs_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RolloutEngine>> RolloutEngine::Create(const v1::RunConfig& config, size_t max_lanes) {
  if (max_lanes < 1) return absl::InvalidArgumentError("a rollout engine needs at least one lane");
  const auto spec = nn::MakeNetworkSpec(config, nn::Role::kActor);
  if (!spec.ok()) return spec.status();
  auto forward = nn::PolicyForward::Create(*spec, max_lanes);
  if (!forward.ok()) return forward.status();
  return CreateWith(*std::move(forward), config, max_lanes);
}

absl::StatusOr<std::unique_ptr<RolloutEngine>> RolloutEngine::CreateWith(std::unique_ptr<nn::PolicyForward> forward,
                                                                         const v1::RunConfig& config,
                                                                         size_t max_lanes) {
  auto environment = env::MakeEnvironment(config.benchmark(), config.env(), max_lanes);
  if (!environment.ok()) return environment.status();
  return std::make_unique<BatchRollout>(*std::move(environment), std::move(forward), config);
}

}  // namespace nmn::actor
