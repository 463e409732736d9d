#include "learner/run/evaluating.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "actor/play/evaluation.h"
#include "actor/play/player.h"
#include "common/config/schedule.h"

namespace nmn::run {
namespace {

constexpr uint64_t kSeedOffset = uint64_t{1} << 63;
constexpr uint32_t kLanes = 64;  // episodes at once; does not change results

// JSON and checkpoints have no NaN.
double FiniteOrZero(double value) { return std::isfinite(value) ? value : 0; }

}  // namespace

uint64_t EvaluationSeed(const v1::RunConfig& config) { return config.seed() + kSeedOffset; }

bool EvaluationIsDue(const RunState& state) {
  const uint32_t every = state.config.eval().every_updates();
  return every != 0 && state.update % every == 0;
}

absl::Status EvaluatePolicy(RunState& state, RunStorage& storage, const std::function<void()>& step_done) {
  const uint32_t episodes = state.config.eval().episodes();
  const size_t lanes = std::min(kLanes, episodes);
  absl::StatusOr<std::unique_ptr<play::Player>> player =
      play::MakeNetworkPlayer(config::ConfigAfter(state.config, state.update), state.trainer->ActorParameters(),
                              EvaluationSeed(state.config), /*temperature=*/1, lanes);
  if (!player.ok()) return player.status();
  const absl::StatusOr<play::Evaluation> found =
      play::Evaluate(**player, {}, episodes, lanes, [&](uint32_t) { step_done(); });
  if (!found.ok()) return found.status();
  v1::EvaluationRecord record;
  record.set_update(state.update);
  record.set_episodes(episodes);
  record.set_return_mean(found->raw.mean);
  record.set_return_sem(FiniteOrZero(found->raw.standard_error));
  record.set_discounted_mean(found->discounted.mean);
  record.set_discounted_sem(FiniteOrZero(found->discounted.standard_error));
  Evaluations& evaluations = state.evaluations;
  evaluations.last = record;
  if (evaluations.best && evaluations.best->discounted_mean() >= record.discounted_mean()) return absl::OkStatus();
  evaluations.best = record;
  evaluations.best_policy = policy::EncodePolicy(PolicyOf(state, state.trainer->Save().weights));
  return storage.files->WriteBestPolicy(evaluations.best_policy);
}

}  // namespace nmn::run
