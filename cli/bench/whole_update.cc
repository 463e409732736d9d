#include "cli/bench/whole_update.h"

#include <algorithm>
#include <span>
#include <thread>

#include "cli/bench/networks.h"
#include "cli/bench/verify.h"
#include "common/config/config.h"

namespace nmn::cli::bench {

v1::RunConfig WithEpisodes(v1::RunConfig config, uint32_t episodes) {
  v1::PpoOptions& ppo = *config.mutable_ppo();
  const uint32_t kept_updates = ppo.critic().replay_episodes() / ppo.episodes_per_update();
  ppo.mutable_critic()->set_replay_episodes(kept_updates * episodes);
  ppo.set_episodes_per_update(episodes);
  return config;
}

double UpdateFlop(const v1::RunConfig& config) {
  const nn::NetworkSpec actor = SpecOf(config, nn::Role::kActor);
  const nn::NetworkSpec critic = SpecOf(config, nn::Role::kCritic);
  const v1::PpoOptions& ppo = config.ppo();
  const double played = static_cast<double>(ppo.episodes_per_update()) * config::RolloutSteps(config);
  const double kept = static_cast<double>(ppo.episodes_per_update()) * ppo.kept_steps();
  const double replayed = static_cast<double>(ppo.critic().replay_episodes()) * ppo.kept_steps();
  return played * (ForwardFlop(actor) + ForwardFlop(critic))                              // rollout, values
         + kept * (2 * ForwardFlop(actor) + ppo.policy().epochs() * BackwardFlop(actor))  // start states and KL, epochs
         + replayed * (ForwardFlop(critic) + ppo.critic().epochs() * BackwardFlop(critic));
}

WholeUpdate::WholeUpdate(const Options& options) : options_(options) {
  trainer_options_.threads = static_cast<int>(options.threads);
  trainer_options_.engine = options.by == ForwardBy::kOurs ? ppo::Engine::kAuto : ppo::Engine::kLibTorch;
}

absl::StatusOr<std::unique_ptr<WholeUpdate>> WholeUpdate::Create(const Options& options) {
  std::unique_ptr<WholeUpdate> self(new WholeUpdate(options));
  auto trainer = ppo::Trainer::Create(WithEpisodes(options.config, options.learned_episodes), self->trainer_options_);
  if (!trainer.ok()) return trainer.status();
  self->trainer_ = *std::move(trainer);
  const uint32_t episodes = options.config.ppo().episodes_per_update();
  for (uint32_t i = 0; i < options.threads; ++i) {
    auto actor = MakeRollout(options.config, (episodes + options.threads - 1) / options.threads, options.by);
    if (!actor.ok()) return actor.status();
    self->actors_.push_back(*std::move(actor));
  }
  const size_t steps = config::RolloutSteps(options.config);
  const auto layout = trajectory::LayoutOf(options.config);
  if (!layout.ok()) return layout.status();
  self->record_ = trajectory::TrajectoryArrays(*layout, steps, options.learned_episodes);
  self->batch_ = self->record_.Batch(steps, options.learned_episodes);
  return self;
}

// Copies the lanes that the learner sees.
void WholeUpdate::Keep(const actor::RolloutResult& result) {
  const size_t learned = options_.learned_episodes;
  const size_t first = result.first_episode;
  if (first >= learned) return;
  const size_t lanes = std::min(result.trajectories.lanes(), learned - first);
  for (size_t f = 0; f < record_.layout().fields().size(); ++f)
    trajectory::CopyLanes(result.trajectories.array(f), 0, lanes, record_.array(f, learned), first);
}

absl::Status WholeUpdate::Rollout() {
  ++update_;
  const std::vector<float> parameters = trainer_->ActorParameters();
  const uint32_t episodes = options_.config.ppo().episodes_per_update();
  const auto count = static_cast<uint32_t>(actors_.size());
  std::vector<absl::Status> statuses(count);
  // What the policy says, every step.
  const View3 policy = record_.array(record_.layout().fields().size() - 1, options_.learned_episodes);
  const std::span<float> written(policy.data, policy.planes * policy.rows * policy.columns);
  Forget(written);
  const auto play = [&](uint32_t i) {
    const uint32_t first = episodes * i / count;
    actors_[i]->SetParameters(parameters, update_);
    const auto result = actors_[i]->Run({.seed = options_.config.seed(), .update = update_, .first_episode = first},
                                        episodes * (i + 1) / count - first);
    statuses[i] = result.status();
    if (result.ok()) Keep(*result);
  };
  std::vector<std::thread> others;
  for (uint32_t i = 1; i < count; ++i) others.emplace_back(play, i);
  play(0);
  for (std::thread& other : others) other.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return CheckWritten("rollout", written);
}

absl::Status WholeUpdate::CheckLearnt(const absl::StatusOr<ppo::UpdateReport>& report) {
  if (!report.ok()) return report.status();
  for (const double norm : {report->policy_gradient_norm, report->critic_gradient_norm}) {
    if (!(norm > 0)) return absl::InternalError("update: a network took no step");
  }
  return absl::OkStatus();
}

absl::Status WholeUpdate::Learn() { return CheckLearnt(trainer_->Update(update_, batch_)); }

absl::Status WholeUpdate::LearnAndPlayNext() {
  absl::Status played;
  const auto play_next = [&] { played = Rollout(); };
  const absl::Status learnt = CheckLearnt(trainer_->Update(update_, batch_, /*stop=*/{}, play_next));
  return learnt.ok() ? played : learnt;
}

absl::Status WholeUpdate::FillReplay() {
  v1::RunConfig brief = WithEpisodes(options_.config, options_.learned_episodes);
  brief.mutable_ppo()->mutable_policy()->set_epochs(1);
  brief.mutable_ppo()->mutable_critic()->set_epochs(1);
  const auto trainer = ppo::Trainer::Create(brief, trainer_options_);
  if (!trainer.ok()) return trainer.status();
  const uint32_t updates = brief.ppo().critic().replay_episodes() / brief.ppo().episodes_per_update();
  for (uint32_t i = 0; i < updates; ++i) {
    if (absl::Status status = Rollout(); !status.ok()) return status;
    const auto report = (*trainer)->Update(update_, batch_);
    if (!report.ok()) return report.status();
  }
  return trainer_->Restore((*trainer)->Save());
}

}  // namespace nmn::cli::bench
