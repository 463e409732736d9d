#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/rollout.h"
#include "cli/bench/actor_loop.h"
#include "learner/ppo/trainer.h"

namespace nmn::cli::bench {

// One update of training without gRPC and disk: rollout of every episode, then advantages, policy and critic. Not
// thread-safe.
class WholeUpdate {
 public:
  struct Options {
    v1::RunConfig config;
    uint32_t learned_episodes = 0;  // the learner sees the first so many; the rollout plays them all
    uint32_t threads = 1;           // of the learner, and actors that share the rollout
    ForwardBy by = ForwardBy::kOurs;
  };
  static absl::StatusOr<std::unique_ptr<WholeUpdate>> Create(const Options& options);

  // INTERNAL where the learner's episodes were not all played, or a network took no step.
  absl::Status Rollout();
  absl::Status Learn();  // of the last Rollout
  // The same, and the next Rollout as soon as the policy is done, beside the critic: an update of a run in full swing.
  absl::Status LearnAndPlayNext();

  // Fills the critic's replay, as after many updates, at little cost: the epochs of the config are left for later.
  absl::Status FillReplay();

 private:
  explicit WholeUpdate(const Options& options);
  void Keep(const actor::RolloutResult& result);
  static absl::Status CheckLearnt(const absl::StatusOr<ppo::UpdateReport>& report);

  const Options options_;
  ppo::TrainerOptions trainer_options_;
  std::unique_ptr<ppo::Trainer> trainer_;
  std::vector<std::unique_ptr<actor::RolloutEngine>> actors_;
  uint32_t update_ = 0;
  trajectory::TrajectoryArrays record_;  // of the learner's episodes
  trajectory::TrajectoryBatch batch_;
};

// The learner's part of a config with this many episodes an update, replay in proportion.
v1::RunConfig WithEpisodes(v1::RunConfig config, uint32_t episodes);

// FLOPs of an update of `config` by convention.
double UpdateFlop(const v1::RunConfig& config);

}  // namespace nmn::cli::bench
