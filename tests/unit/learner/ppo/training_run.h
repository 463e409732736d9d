#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>

#include "actor/rollout.h"
#include "common/config/config.h"
#include "learner/ppo/trainer.h"

namespace nmn::ppo {

// Benchmark 1 with its networks and the reference's rules, cut down to 6 episodes of 30 steps.
inline v1::RunConfig SmallConfig(std::string_view architecture = "nmn") {
  v1::RunConfig config = *config::Preset("reference", "b1", architecture);
  config.set_seed(5);
  config.mutable_env()->set_horizon(30);
  v1::PpoOptions& ppo = *config.mutable_ppo();
  ppo.set_episodes_per_update(6);
  ppo.set_kept_steps(20);
  ppo.set_segment_steps(10);
  ppo.mutable_policy()->set_epochs(3);
  ppo.mutable_critic()->set_epochs(2);
  ppo.mutable_critic()->set_minibatch_segments(5);
  ppo.mutable_critic()->set_replay_episodes(12);
  config.mutable_work()->set_max_consecutive_reverts(3);
  return config;
}

inline v1::RunConfig ClippedConfig() {
  v1::RunConfig config = SmallConfig();
  v1::PpoOptions& ppo = *config.mutable_ppo();
  ppo.set_objective(v1::CLIPPED_RATIO);
  ppo.mutable_policy()->set_minibatch_segments(5);
  ppo.mutable_policy()->set_gradient_clip_norm(0.5);
  ppo.mutable_policy()->set_entropy_bonus(0.01);
  ppo.mutable_clipped_ratio()->set_clip(0.2);
  ppo.mutable_clipped_ratio()->set_kl_target(0.006);
  ppo.mutable_clipped_ratio()->set_rate_increase(1.15);
  ppo.mutable_clipped_ratio()->set_rate_decrease(1.3);
  ppo.mutable_clipped_ratio()->set_max_rate_factor(2);
  ppo.mutable_clipped_ratio()->set_take_back_kl(0.03);
  return config;
}

inline v1::RunConfig NormalizedConfig() {
  v1::RunConfig config = SmallConfig();
  config.mutable_normalize()->set_observation(true);
  config.mutable_normalize()->set_reward(true);
  return config;
}

inline v1::RunConfig AsyncConfig(bool v_trace) {
  v1::RunConfig config = SmallConfig();
  config.set_mode(v1::ASYNC);
  config.mutable_async()->set_v_trace(v_trace);
  return config;
}

// A trainer with the actor that feeds it.
class TrainingRun {
 public:
  explicit TrainingRun(const v1::RunConfig& config, const TrainerOptions& options = {})
      : trainer(*Trainer::Create(config, options)),
        config_(config),
        rollout_(*actor::RolloutEngine::Create(config, config.ppo().episodes_per_update())) {}

  TrajectoryBatch Collect(uint32_t update) {
    rollout_->SetParameters(trainer->ActorParameters(), update);
    const actor::RolloutResult r =
        *rollout_->Run({.seed = config_.seed(), .update = update}, config_.ppo().episodes_per_update());
    return r.trajectories;
  }
  absl::StatusOr<UpdateReport> Update(uint32_t update, const std::stop_token& stop = {}) {
    return trainer->Update(update, Collect(update), stop);
  }

  std::unique_ptr<Trainer> trainer;

 private:
  v1::RunConfig config_;
  std::unique_ptr<actor::RolloutEngine> rollout_;
};

}  // namespace nmn::ppo
