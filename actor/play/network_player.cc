#include <utility>

#include "actor/play/player.h"
#include "actor/rollout.h"

namespace nmn::play {
namespace {

class NetworkPlayer final : public Player {
 public:
  NetworkPlayer(std::unique_ptr<actor::RolloutEngine> engine, uint64_t seed, float temperature)
      : engine_(std::move(engine)), seed_(seed), temperature_(temperature) {}

  absl::StatusOr<PlayedBatch> Play(uint32_t first_episode, size_t lanes, StepObserver* observer) override {
    Forwarder forwarder(observer);
    absl::StatusOr<actor::RolloutResult> result = engine_->Run(EvaluationKey(seed_, first_episode), lanes, temperature_,
                                                               nullptr, observer == nullptr ? nullptr : &forwarder);
    if (!result.ok()) return result.status();
    return PlayedBatch{.trajectories = std::move(result->trajectories), .measures = std::move(result->measures)};
  }

 private:
  class Forwarder final : public actor::RolloutObserver {
   public:
    explicit Forwarder(StepObserver* observer) : observer_(observer) {}
    void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward& forward) override {
      observer_->OnStep(t, environment, &forward);
    }

   private:
    StepObserver* observer_;
  };

  std::unique_ptr<actor::RolloutEngine> engine_;
  uint64_t seed_;
  float temperature_;
};

}  // namespace

env::BatchKey EvaluationKey(uint64_t seed, uint32_t first_episode) {
  return {.seed = seed, .update = 0, .first_episode = first_episode, .first_global_episode = first_episode};
}

absl::StatusOr<std::unique_ptr<Player>> MakeNetworkPlayer(const v1::RunConfig& config, std::span<const float> actor,
                                                          uint64_t seed, float temperature, size_t max_lanes) {
  v1::RunConfig whole = config;
  // Which are for training alone: here an episode has its horizon.
  whole.mutable_ppo()->clear_rollout_steps();
  whole.mutable_ppo()->clear_trial_end();
  absl::StatusOr<std::unique_ptr<actor::RolloutEngine>> engine = actor::RolloutEngine::Create(whole, max_lanes);
  if (!engine.ok()) return engine.status();
  (*engine)->SetParameters(actor, 1);
  return std::make_unique<NetworkPlayer>(*std::move(engine), seed, temperature);
}

}  // namespace nmn::play
